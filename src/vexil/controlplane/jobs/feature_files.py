"""Exports and imports of features: a thread beside the sweeps, since a large file takes its time."""

import threading
import time
from datetime import UTC, datetime

import structlog
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import feature_files
from vexil.controlplane.actions.feature_imports import UnfitFile
from vexil.controlplane.actions.feature_states import StateExists
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import FeatureExport, FeatureImport
from vexil.metrics import tasks
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 0.25
_CLEAN_UP_SECONDS = 60.0


def run(stopping: threading.Event) -> None:
    """Work until told to stop; what has begun is finished."""
    cleaned_at = -_CLEAN_UP_SECONDS
    while not stopping.is_set():
        is_due = time.monotonic() - cleaned_at >= _CLEAN_UP_SECONDS
        if is_due:
            cleaned_at = time.monotonic()
        if not _work(clean_up=is_due):
            stopping.wait(_IDLE_SECONDS)
    connections.close_all()


def do_next(*, now: datetime) -> bool:
    """Do one export and one import; False when there was nothing to do."""
    export = feature_files.take(FeatureExport, now=now)
    if export:
        _attempt(export)
    wanted = feature_files.take(FeatureImport, now=now)
    if wanted:
        _attempt(wanted)
    return bool(export or wanted)


def _attempt(file: FeatureExport | FeatureImport) -> None:
    name = tasks.FEATURE_EXPORT if isinstance(file, FeatureExport) else tasks.FEATURE_IMPORT
    with tasks.attempt(name, parent=file.traceparent) as attempt:
        attempt.is_failure = not _do(file)


def _do(file: FeatureExport | FeatureImport) -> bool:
    try:
        if isinstance(file, FeatureExport):
            feature_files.write_export(file)
        else:
            feature_files.read_import(file)
    except (UnfitFile, Refused, StateExists) as refusal:
        log.info("feature_file.refused", file_id=file.pk)
        feature_files.fail(file, str(refusal) or type(refusal).__name__)
    except Exception:
        # Whatever a file brings to light, people must learn that it is not done.
        log.exception("feature_file.failed", file_id=file.pk)
        feature_files.fail(file, "Something unexpected went wrong; the server's log says what.")
    else:
        return True
    return False


def _work(*, clean_up: bool) -> bool:
    try:
        close_old_connections()
        now = datetime.now(UTC)
        if clean_up:
            feature_files.clean_up(now=now)
        return do_next(now=now)
    except (Error, Unavailable):
        log.warning("feature_files.delayed")
    except Exception:
        # The outermost loop of this thread.
        log.exception("feature_files.failed")
    return False
