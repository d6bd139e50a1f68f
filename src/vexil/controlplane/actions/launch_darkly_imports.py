"""Imports of LaunchDarkly projects: asked for here, done later by the task runner, a few flags at a time.

What an earlier import brought is made what it is now, so that an import that was stopped simply begins again.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from vexil.controlplane.actions import events, sealing
from vexil.controlplane.actions.launch_darkly_flags import Found, Writer
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import LaunchDarklyImport, Project
from vexil.controlplane.db.models.launch_darkly_imports import ImportResult
from vexil.controlplane.integrations.launch_darkly.answers import Flag
from vexil.controlplane.permissions import Actor
from vexil.metrics import tasks

GIVEN_UP_AFTER = timedelta(minutes=10)
"""Without getting on."""

_PURPOSE = "launch darkly token"
_PAUSE_SECONDS = 0.15
_FLAGS_AT_ONCE = 3
"""In one transaction, for which others may have to wait."""
_MESSAGES_MAX = 500


class StillImporting(Refused):
    """Another import into the project is not finished."""


class GivenUp(Exception):
    """The import ended while it was being worked on, or its project is gone."""


@transaction.atomic
def request(project: Project, *, token: str, project_key: str, by: Actor) -> LaunchDarklyImport:
    """Raise `StillImporting` where one is under way."""
    fields = {"project_key": project_key, "user": by.user, "master_api_key": by.master_api_key}
    sealed = sealing.seal(token, purpose=_PURPOSE)
    try:
        with transaction.atomic():
            wanted = LaunchDarklyImport.objects.create(project=project, sealed_token=sealed, **fields)
    except IntegrityError:
        raise StillImporting("Existing import already in progress for this project") from None
    after = {"project_key": project_key}
    events.record(by, "launch_darkly_import.requested", wanted.pk, scope=project, after=after)
    tasks.enqueued(tasks.LAUNCH_DARKLY_IMPORT)
    return wanted


def take(*, now: datetime) -> LaunchDarklyImport | None:
    """The next one that nobody works on yet; it is the caller's from now on."""
    waiting = LaunchDarklyImport.objects.filter(completed_at=None, taken_at=None).order_by("pk")
    for pk in waiting.values_list("pk", flat=True)[:10]:
        if waiting.filter(pk=pk).update(taken_at=now, updated_at=now):
            rows = LaunchDarklyImport.objects.select_related("project__organisation", "user", "master_api_key")
            return rows.get(pk=pk)
    return None


def release(wanted: LaunchDarklyImport) -> None:
    """Leave it to the next task runner, which begins anew."""
    _unfinished(wanted).update(taken_at=None, flags_done=0)


def token_of(wanted: LaunchDarklyImport) -> str:
    """Raise `sealing.Unsealable` where the installation has another key by now."""
    return sealing.unseal(wanted.sealed_token, purpose=_PURPOSE)


def write(wanted: LaunchDarklyImport, found: Found, *, pause: Callable[[float], None]) -> None:
    """Make everything that was found, and finish. Raise `GivenUp` when it came to an end meanwhile.

    `pause` waits for so many seconds: SQLite has one writer at a time, and others want their turn.
    """
    by = _actor(wanted)
    messages: list[str] = []
    writer = Writer(wanted.project, wanted.project_key, by=by, say=messages.append)
    get_on(wanted, **_counts(found))
    writer.prepare(found)
    done = 0
    for flags in _batches(found.flags):
        with transaction.atomic():
            for flag in flags:
                writer.write(flag)
        done += len(flags)
        get_on(wanted, flags_done=done, error_messages=_shown(messages))
        if writer.is_full:
            messages.append(f"{len(found.flags) - done} more flags were left out.")
            break
        pause(_PAUSE_SECONDS)
    end(wanted, ImportResult.INCOMPLETE if messages else ImportResult.SUCCESS, messages)


def get_on(wanted: LaunchDarklyImport, **columns: object) -> None:
    """Write down how far it has come; raise `GivenUp` when it is no longer wanted."""
    lasting = _unfinished(wanted).filter(project__deleted_at=None, project__organisation__deleted_at=None)
    if not lasting.update(updated_at=timezone.now(), **columns):
        raise GivenUp


@transaction.atomic
def end(wanted: LaunchDarklyImport, result: ImportResult, messages: Sequence[str] = ()) -> None:
    """The token is forgotten."""
    now = timezone.now()
    shown = _shown(messages)
    if _unfinished(wanted).update(
        result=result, error_messages=shown, completed_at=now, updated_at=now, sealed_token=""
    ):
        after = {"result": result.value, "messages": len(shown)}
        before = {"result": None, "messages": 0}
        kind = "launch_darkly_import.ended"
        events.record(_actor(wanted), kind, wanted.pk, scope=wanted.project, before=before, after=after)


def clean_up(*, now: datetime) -> None:
    """Give up what a task runner began and never finished."""
    stuck = LaunchDarklyImport.objects.filter(
        completed_at=None, taken_at__isnull=False, updated_at__lt=now - GIVEN_UP_AFTER
    )
    for wanted in stuck.select_related("project__organisation", "user", "master_api_key"):
        end(
            wanted,
            ImportResult.FAILURE,
            ["It did not get on for 10 minutes and was given up; it can be started again."],
        )


def _actor(wanted: LaunchDarklyImport) -> Actor:
    """Who asked for it."""
    return Actor(user=wanted.user, master_api_key=wanted.master_api_key)


def _unfinished(wanted: LaunchDarklyImport) -> QuerySet[LaunchDarklyImport]:
    return LaunchDarklyImport.objects.filter(pk=wanted.pk, completed_at=None)


def _counts(found: Found) -> dict[str, int]:
    outdated = sum(flag.deprecated or flag.archived for flag in found.flags)
    return {"environments": len(found.environments), "flags": len(found.flags), "deprecated_flags": outdated}


def _batches(flags: Sequence[Flag]) -> Iterator[Sequence[Flag]]:
    return (flags[start : start + _FLAGS_AT_ONCE] for start in range(0, len(flags), _FLAGS_AT_ONCE))


def _shown(messages: Sequence[str]) -> list[str]:
    more = len(messages) - _MESSAGES_MAX
    return [*messages[:_MESSAGES_MAX], *([f"… and {more:,} more."] if more > 0 else [])]
