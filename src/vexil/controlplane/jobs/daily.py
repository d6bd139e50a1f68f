"""What is done once a day, in a thread of its own, so that it holds up nothing else."""

import threading
from datetime import UTC, datetime

import structlog
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import stale_tags
from vexil.metrics import tasks
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_DAY_SECONDS = 86_400.0
_AGAIN_SECONDS = 60.0
"""After a failure."""


def run(stopping: threading.Event) -> None:
    """Work at the start and then each day, until told to stop. To do something twice harms nothing."""
    while not stopping.is_set():
        stopping.wait(_DAY_SECONDS if _done() else _AGAIN_SECONDS)
    connections.close_all()


def _done() -> bool:
    try:
        close_old_connections()
        with tasks.attempt("stale_flags.mark", "recurring"):
            changed = stale_tags.mark_all(now=datetime.now(UTC))
    except (Error, Unavailable):
        log.warning("daily.delayed")
        return False
    except Exception:
        # The outermost loop of this thread: one failure must not end the days to come.
        log.exception("daily.failed")
    else:
        log.info("stale_flags.marked", count=changed)
    finally:
        connections.close_all()
    return True
