"""Jobs on a clock (operations.md §5.1): each runs in one process at a time, whichever takes its turn first."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import (
    feature_health,
    oauth_tokens,
    overages,
    plans,
    usage_blocks,
    usage_notices,
    usage_retention,
)
from vexil.controlplane.db.models import RecurringJob
from vexil.controlplane.queries.plans import has_billing
from vexil.metrics import tasks
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 5.0
_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Job:
    """What runs how often; with `for_billing` only where billing is on."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]
    for_billing: bool = True


JOBS = (
    Job("usage.fold", timedelta(hours=1), usage_retention.fold, for_billing=False),
    Job("oauth.forget_old", timedelta(hours=1), oauth_tokens.forget_old, for_billing=False),
    Job("health.forget_old", timedelta(hours=12), feature_health.forget_old, for_billing=False),
    Job("plans.finish_cancellations", timedelta(hours=12), plans.finish_cancellations),
    Job("usage.notify", timedelta(hours=12), usage_notices.notify_all),
    Job("usage.unblock", timedelta(hours=12), usage_blocks.unblock_all),
    Job("usage.block", timedelta(hours=12), usage_blocks.block_all),
    Job("overages.charge", timedelta(minutes=30), overages.charge_all),
)


def run(stopping: threading.Event) -> None:
    """Run what is due until told to stop; a thread of the task runner."""
    while not stopping.is_set():
        close_old_connections()
        run_due(datetime.now(UTC))
        stopping.wait(_LOOK_SECONDS)
    connections.close_all()


def run_due(now: datetime) -> list[str]:
    """The names of what was run, in order. One that fails is tried again a minute later."""
    return [job.name for job in JOBS if _is_wanted(job) and _take_turn(job, now) and _run(job, now)]


def run_all(now: datetime) -> list[str]:
    """Run everything that is wanted here, due or not; raise what goes wrong."""
    wanted = [job for job in JOBS if _is_wanted(job)]
    for job in wanted:
        job.run(now)
    return [job.name for job in wanted]


def _is_wanted(job: Job) -> bool:
    return has_billing() or not job.for_billing


def _take_turn(job: Job, now: datetime) -> bool:
    """Whether it is due and nobody else took it."""
    try:
        RecurringJob.objects.get_or_create(name=job.name, defaults={"due_at": now})
        turn = RecurringJob.objects.filter(name=job.name, due_at__lte=now)
        return turn.update(due_at=now + job.every) == 1
    except Error:
        log.warning("job.delayed", job=job.name)
        return False


def _run(job: Job, now: datetime) -> bool:
    try:
        with tasks.attempt(job.name, "recurring"):
            job.run(now)
    except Exception as error:
        # The outermost loop of this thread: one failure must not end the jobs to come.
        if isinstance(error, Error | Unavailable):
            log.warning("job.delayed", job=job.name)
        else:
            log.exception("job.failed", job=job.name)
        _put_off(job, now)
        return False
    log.info("job.done", job=job.name)
    return True


def _put_off(job: Job, now: datetime) -> None:
    try:
        RecurringJob.objects.filter(name=job.name).update(due_at=now + _AGAIN_AFTER)
    except Error:
        log.warning("job.delayed", job=job.name)
