"""Imports of LaunchDarkly projects: a thread of its own, since reading one over the network takes its time."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import launch_darkly_imports as actions
from vexil.controlplane.actions.launch_darkly_flags import Found
from vexil.controlplane.actions.launch_darkly_imports import GivenUp
from vexil.controlplane.actions.sealing import Unsealable
from vexil.controlplane.db.models import LaunchDarklyImport
from vexil.controlplane.db.models.launch_darkly_imports import ImportResult
from vexil.controlplane.integrations.launch_darkly import answers
from vexil.controlplane.integrations.launch_darkly.answers import Environment, Flag, Segment, UnfitAnswer
from vexil.controlplane.integrations.launch_darkly.source import Source, SourceFailed
from vexil.metrics import tasks
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_IDLE_SECONDS = 1.0
_CLEAN_UP_SECONDS = 60.0

Pause = Callable[[float], None]
"""Waits for so many seconds."""


class Stopping(Exception):
    """The task runner is told to stop."""


def run(stopping: threading.Event) -> None:
    """Work until told to stop; an import that has only been read so far begins anew the next time."""

    def pause(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Stopping

    cleaned_at = -_CLEAN_UP_SECONDS
    while not stopping.is_set():
        is_due = time.monotonic() - cleaned_at >= _CLEAN_UP_SECONDS
        if is_due:
            cleaned_at = time.monotonic()
        if not _work(pause, clean_up=is_due):
            stopping.wait(_IDLE_SECONDS)
    connections.close_all()


def do_next(*, now: datetime, pause: Pause = time.sleep) -> bool:
    """Do one import; False when there was nothing to do."""
    wanted = actions.take(now=now)
    if wanted is None:
        return False
    _attempt(wanted, pause)
    return True


def _attempt(wanted: LaunchDarklyImport, pause: Pause) -> None:
    with tasks.attempt(tasks.LAUNCH_DARKLY_IMPORT, parent=wanted.traceparent) as attempt:
        attempt.is_failure = not _do(wanted, pause)


def _do(wanted: LaunchDarklyImport, pause: Pause) -> bool:
    try:
        actions.write(wanted, _read(wanted, pause), pause=pause)
    except (SourceFailed, UnfitAnswer) as failure:
        actions.end(wanted, ImportResult.FAILURE, [str(failure)])
    except Unsealable:
        gone = "The access token cannot be read any more, since the installation's secret key is another one now."
        actions.end(wanted, ImportResult.FAILURE, [gone])
    except GivenUp:
        log.info("launch_darkly_import.given_up", import_id=wanted.pk)
    except (Stopping, Error, Unavailable):
        actions.release(wanted)
        raise
    except Exception:
        # Whatever comes to light, people must learn that it is not done.
        log.exception("launch_darkly_import.failed", import_id=wanted.pk)
        unexpected = "Something unexpected went wrong; the server's log says what."
        actions.end(wanted, ImportResult.FAILURE, [unexpected])
    else:
        return True
    return False


def _read(wanted: LaunchDarklyImport, pause: Pause) -> Found:
    token = actions.token_of(wanted)
    with closing(Source(settings.VEXIL.launch_darkly_url, token, pause=pause)) as source:
        environments = [answers.read(item, Environment) for item in source.environments(wanted.project_key)]
        flags: dict[str, Flag] = {}
        segments: list[tuple[Environment, Segment]] = []
        for environment in environments:
            actions.get_on(wanted, environments=len(environments))
            for item in source.flags(wanted.project_key, environment.key):
                _add(flags, answers.read(item, Flag))
            listed: Any = source.segments(wanted.project_key, environment.key)
            found = (answers.read(item, Segment) for item in listed)
            segments += [(environment, segment) for segment in found if not segment.deleted]
            pause(0)
    return Found(environments, list(flags.values()), segments)


def _add(flags: dict[str, Flag], flag: Flag) -> None:
    """Each answer tells of one environment."""
    known = flags.setdefault(flag.key, flag)
    for key, found in flag.environments.items():
        known.environments[key] = found


def _work(pause: Pause, *, clean_up: bool) -> bool:
    try:
        close_old_connections()
        now = datetime.now(UTC)
        if clean_up:
            actions.clean_up(now=now)
        return do_next(now=now, pause=pause)
    except Stopping:
        log.info("launch_darkly_import.stopped")
    except (Error, Unavailable):
        log.warning("launch_darkly_import.delayed")
    except Exception:
        # The outermost loop of this thread.
        log.exception("launch_darkly_import.failed")
    return False
