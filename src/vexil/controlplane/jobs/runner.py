"""The task runner: looks once a second for what is due; sends webhooks, works on files and runs jobs beside that."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.db.utils import Error

from vexil.controlplane.actions import versions
from vexil.controlplane.actions.publishing import LeftBehind
from vexil.controlplane.jobs import daily, deliveries, feature_files, launch_darkly_imports, recurring
from vexil.controlplane.queries import waiting_work
from vexil.metrics.families import TASKS_WAITING
from vexil.metrics.registry import Labels, registry
from vexil.signals import EndSignal
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_SWEEP_SECONDS = 1.0

_waiting: dict[Labels, float] = {}
"""How many tasks wait, for metrics; as of the last sweep."""


def run(*, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Work until SIGTERM or SIGINT, or until `is_wanted` says no. Runs in a process of its own."""
    end, stopping = EndSignal(), threading.Event()
    jobs = (deliveries, daily, feature_files, launch_darkly_imports, recurring)
    beside = [threading.Thread(target=job.run, args=[stopping], name=job.__name__) for job in jobs]
    for thread in beside:
        thread.start()
    left_behind = LeftBehind()
    registry.watch(TASKS_WAITING, lambda: _waiting)
    while is_wanted():
        _sweep(left_behind)
        if end.wait(_SWEEP_SECONDS):
            break
    stopping.set()
    for thread in beside:
        thread.join()


def _sweep(left_behind: LeftBehind) -> None:
    try:
        close_old_connections()
        versions.go_live_due()
        healed = left_behind.publish()
        if settings.VEXIL.metrics:
            _waiting[()] = waiting_work.count(now=datetime.now(UTC))
    except (Error, Unavailable):
        log.warning("sweep.delayed")
    except Exception:
        # The outermost loop of this process: one failure must not end the sweeps to come.
        log.exception("sweep.failed")
    else:
        if healed:
            log.info("snapshots.healed", count=healed)
