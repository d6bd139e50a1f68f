"""`vexil export` and `vexil import` of files."""

from collections.abc import Iterator
from pathlib import Path

from vexil.controlplane.actions import organisation_imports
from vexil.controlplane.actions.organisation_imports import AlreadyHere, UnfitFile
from vexil.controlplane.db.models import Organisation, User
from vexil.controlplane.moving import files
from vexil.controlplane.moving.progress import Progress
from vexil.controlplane.queries import organisation_files
from vexil.controlplane.queries.organisation_files import Line


class Failed(Exception):
    """A command cannot do what it is asked for; says why."""


def export(organisation_id: int, path: Path) -> list[str]:
    """Write an organisation to a file; what to tell the operator."""
    organisation = Organisation.live.filter(pk=organisation_id).first()
    if organisation is None:
        known = ", ".join(f"{row.pk} ({row.name})" for row in Organisation.live.order_by("pk")[:20])
        raise Failed(f"There is no organisation {organisation_id}. There are: {known or 'none'}.")
    progress = Progress()
    try:
        count = files.write(path, _counted(organisation, progress))
    except OSError as error:
        raise Failed(f"The file cannot be written: {error}") from None
    progress.end()
    return [
        f"Exported {organisation.name} (organisation {organisation.pk}) to {path}: {count:,} lines.",
        f"Not included: {organisation_files.NOT_INCLUDED}.",
        "The file holds keys, secrets of webhooks and traits of identities: keep it like a password.",
    ]


def load(path: Path, *, admin_email: str | None = None) -> list[str]:
    """Import a file; what to tell the operator."""
    progress = Progress()
    try:
        outcome = organisation_imports.load(
            files.opener(path), on_progress=progress.show, admin=administrator(admin_email)
        )
    except (AlreadyHere, UnfitFile) as refusal:
        raise Failed(str(refusal)) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Failed(f"The file cannot be read: {error}") from None
    progress.end()
    organisation = outcome.organisation
    if outcome.was_there:
        return [f"This file was imported before, as organisation {organisation.pk} ({organisation.name})."]
    lines = [
        f"Imported {organisation.name} as organisation {organisation.pk}, with {outcome.identities:,} identities.",
        f"Not included: {organisation_files.NOT_INCLUDED}.",
    ]
    if outcome.moved_identities:
        lines.append(moved(outcome.moved_identities))
    if not organisation.users.exists():
        lines.append("Nobody belongs to it yet; an administrator of the installation can add people.")
    return lines


def unfinished() -> list[str]:
    """Imports that were stopped; what to tell the operator."""
    rows = organisation_imports.unfinished()
    if not rows:
        return ["No import is unfinished."]
    lines = [
        f"{row.organisation_id}: {row.organisation.name}, begun {row.started_at:%Y-%m-%d %H:%M} UTC, "
        f"{row.identities_done:,} identities so far"
        for row in rows
    ]
    return [*lines, "Give the same import again to go on, or `vexil abandonimport <number>` to undo it."]


def abandon(number: int, folder: Path) -> list[str]:
    """Undo an unfinished import; `folder` holds what was read from a Flagsmith for it."""
    begun = next((row for row in organisation_imports.unfinished() if row.organisation_id == number), None)
    if begun is None:
        raise Failed(f"There is no unfinished import {number}; `vexil abandonimport` lists them.")
    name = begun.organisation.name
    organisation_imports.abandon(begun)
    for path in folder.glob(f"*{begun.file_id}*"):
        path.unlink()
    return [f"The import of {name} is undone; its keys are free again."]


def moved(count: int) -> str:
    return (
        f"{count:,} identities needed new ids, in environments that hash by id: "
        "they may get other variants than before. Import into an empty installation to avoid that."
    )


def administrator(email: str | None) -> User | None:
    if email is None:
        return None
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise Failed(f"There is no user {email} in this installation; `vexil createadmin` makes one.")
    return user


def _counted(organisation: Organisation, progress: Progress) -> Iterator[Line]:
    for number, line in enumerate(organisation_files.lines(organisation), 1):
        progress.show("lines", number)
        yield line
