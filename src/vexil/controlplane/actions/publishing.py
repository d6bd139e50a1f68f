"""From a change in rows to the snapshot that the data plane reads.

`publish` raises the version inside the change's transaction; the snapshot is built after the commit. A crash
between the two is healed by `publish_overdue`, which the task runner calls every second.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Project
from vexil.controlplane.queries import snapshots
from vexil.stores.unavailable import Unavailable
from vexil.wire import snapshot as wire_snapshot

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Build:
    """What runs after the commit; equal for equal environments, so that one transaction builds each only once."""

    environment_id: int

    def __call__(self) -> None:
        build_if_possible(self.environment_id)


def publish(environment: Environment) -> None:
    """Have the data plane see this environment as the running transaction leaves it, however often it is called."""
    job = _Build(environment.pk)
    if any(entry[1] == job for entry in transaction.get_connection().run_on_commit):
        return
    _raise_version(environment.pk)
    transaction.on_commit(job)


def publish_project(project: Project) -> None:
    """The same for each environment of a project, after a change that they share."""
    for environment in Environment.live.filter(project=project).order_by("pk"):
        publish(environment)


def build_if_possible(environment_id: int) -> None:
    """Build the snapshot now; when the store is away, leave it to the sweep: the change itself is safe."""
    try:
        build(environment_id)
    except Unavailable:
        log.warning("snapshot.delayed", environment_id=environment_id)


def build(environment_id: int) -> None:
    """Store the snapshot of the environment's present version, or forget a deleted environment."""
    present = snapshots.of_environment(environment_id, now=datetime.now(UTC))
    if present is None:
        gone = Environment.objects.get(pk=environment_id)
        stores.current().snapshots.forget(environment_id, gone.version, snapshots.ended_keys(gone))
        return
    snapshot, keys = present
    stores.current().snapshots.put(environment_id, snapshot.version, keys, wire_snapshot.encode(snapshot))
    log.info("snapshot.published", environment_id=environment_id, version=snapshot.version)


def publish_overdue() -> int:
    """Build every snapshot that is behind its environment's version; say how many there were."""
    published = {head.environment_id: head.version for head in stores.current().snapshots.heads()}
    versions = Environment.objects.values_list("pk", "version")
    overdue = [pk for pk, version in versions if published.get(pk, -1) < version]
    for environment_id in overdue:
        build(environment_id)
    return len(overdue)


def _raise_version(environment_id: int) -> None:
    # Weaker than a full lock: rows that were added under this environment meanwhile need not wait, nor we for them.
    environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
    Environment.objects.filter(pk=environment_id).update(
        version=F("version") + 1, updated_at=next_update(environment.updated_at, datetime.now(UTC))
    )


def next_update(last: datetime, now: datetime) -> datetime:
    """Now, or the next whole second when that is the last update's own second or earlier.

    compat: SDKs send whole seconds in If-Modified-Since, so two changes within one second would hide the second.
    """
    next_second = last.replace(microsecond=0) + timedelta(seconds=1)
    return max(now, next_second)
