"""From a change in rows to the snapshot that the data plane reads.

`publish` raises the version inside the change's transaction; the snapshot is built after the commit. A crash
between the two is healed by the task runner, which looks every second for what was left behind.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Project
from vexil.controlplane.queries import snapshot_keys, snapshots
from vexil.stores.snapshots import NewSnapshot
from vexil.stores.unavailable import Unavailable
from vexil.wire import snapshot as wire_snapshot

log = structlog.get_logger(__name__)

_AT_ONCE = 100
"""Environments that are read from one view of the rows, which no database keeps open gladly for long."""
_BATCH_BYTES = 8_000_000
"""Snapshots beyond this are stored before the next is built, so that memory holds few large ones at once."""


@dataclass(frozen=True, slots=True)
class _Build:
    """What runs after the commit."""

    environment_ids: tuple[int, ...]

    def __call__(self) -> None:
        try:
            build(self.environment_ids)
        except Unavailable:
            # Left to the sweep: the change itself is safe.
            log.warning("snapshot.delayed", environment_ids=self.environment_ids)


def publish(environment: Environment) -> None:
    """Have the data plane see this environment as the running transaction leaves it, however often it is called."""
    publish_all([environment])


def publish_project(project: Project) -> None:
    """The same for each environment of a project, after a change that they share."""
    publish_all(Environment.live.filter(project=project))


def publish_all(environments: Iterable[Environment]) -> None:
    """The same for several, whose snapshots are then built together."""
    awaited = _awaited()
    ids = tuple(environment.pk for environment in environments if environment.pk not in awaited)
    if ids:
        _raise_versions(ids)
        transaction.on_commit(_Build(ids))


def _awaited() -> set[int]:
    """The environments that will be built after the running transaction anyway."""
    jobs = (entry[1] for entry in transaction.get_connection().run_on_commit)
    return {environment_id for job in jobs if isinstance(job, _Build) for environment_id in job.environment_ids}


def build(environment_ids: Sequence[int]) -> None:
    """Store the snapshots of the environments' present versions, and forget those that are deleted."""
    for start in range(0, len(environment_ids), _AT_ONCE):
        _build_together(environment_ids[start : start + _AT_ONCE])


def _build_together(environment_ids: Sequence[int]) -> None:
    stored: set[int] = set()
    with closing(snapshots.of_environments(environment_ids, now=datetime.now(UTC))) as present:
        for batch in _batches(present):
            stores.current().snapshots.put_all(batch)
            for one in batch:
                log.info("snapshot.published", environment_id=one.environment_id, version=one.version)
            stored |= {one.environment_id for one in batch}
    deleted = Environment.objects.prefetch_related(*snapshot_keys.KEYS).filter(pk__in=set(environment_ids) - stored)
    for gone in deleted.order_by("pk"):
        stores.current().snapshots.forget(gone.pk, gone.version, snapshot_keys.ended_keys(gone))


def _batches(present: Iterable[snapshots.Present]) -> Iterator[list[NewSnapshot]]:
    batch: list[NewSnapshot] = []
    size = 0
    for snapshot, keys in present:
        body = wire_snapshot.encode(snapshot)
        batch.append(NewSnapshot(snapshot.environment.id, snapshot.version, keys, body))
        size += len(body)
        if size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def publish_overdue() -> int:
    """Build every snapshot that is behind its environment's version; say how many there were."""
    overdue = list(_overdue())
    build(overdue)
    return len(overdue)


class LeftBehind:
    """Finds, look by look, what a crash or an outage has left unbuilt.

    What is behind for the first time is most likely being built by whoever changed it: it is built here only if it
    still is at the next look. Otherwise every change that takes a while would be built twice, at the same time.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def publish(self) -> int:
        """Say how many there were."""
        overdue = _overdue()
        left = [pk for pk, (published, _) in overdue.items() if published < self._seen.get(pk, _NONE)]
        self._seen = {pk: version for pk, (_, version) in overdue.items()}
        build(left)
        return len(left)


_NONE = -1
"""A version before all others."""


def _overdue() -> dict[int, tuple[int, int]]:
    """Of each environment whose snapshot is behind: the version published, and the one that should be."""
    published = {head.environment_id: head.version for head in stores.current().snapshots.heads()}
    versions = Environment.objects.values_list("pk", "version")
    return {pk: (published.get(pk, _NONE), version) for pk, version in versions if published.get(pk, _NONE) < version}


def _raise_versions(environment_ids: Collection[int]) -> None:
    # Weaker than a full lock: rows that were added under these environments meanwhile need not wait, nor we for them.
    locked = Environment.objects.select_for_update(no_key=True).filter(pk__in=environment_ids).order_by("pk")
    environments, now = list(locked), datetime.now(UTC)
    for environment in environments:
        environment.version += 1
        environment.updated_at = next_update(environment.updated_at, now)
    Environment.objects.bulk_update(environments, ["version", "updated_at"])


def next_update(last: datetime, now: datetime) -> datetime:
    """Now, or the next whole second when that is the last update's own second or earlier.

    compat: SDKs send whole seconds in If-Modified-Since, so two changes within one second would hide the second.
    """
    next_second = last.replace(microsecond=0) + timedelta(seconds=1)
    return max(now, next_second)
