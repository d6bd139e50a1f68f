"""Who did what: the event that every change leaves in its own transaction, with its lines of the audit log."""

from typing import Any

from vexil.controlplane.actions import audit
from vexil.controlplane.db.models import Environment, Event, Organisation, Project
from vexil.controlplane.permissions import SYSTEM, Actor

Scope = Organisation | Project | Environment | None


def record(by: Actor, kind: str, subject_id: object, *, scope: Scope, before: Any = None, after: Any = None) -> None:
    """Append one event; `before` and `after` are JSON values, None for what was not there.

    A deletion is recorded before its rows are touched, so that the audit log can still look at them.
    """
    event = Event.objects.create(
        kind=kind,
        subject_id=str(subject_id),
        before=before,
        after=after,
        user_id=by.user.pk if by.user else None,
        master_api_key_prefix=by.master_api_key.prefix if by.master_api_key else "",
        **_scope_ids(scope),
    )
    if by != SYSTEM or kind in audit.TOLD_WITHOUT_ACTOR:
        audit.write(event)


def _scope_ids(scope: Scope) -> dict[str, int | None]:
    environment = scope if isinstance(scope, Environment) else None
    project = environment.project if environment else scope if isinstance(scope, Project) else None
    organisation_id = project.organisation_id if project else scope.pk if isinstance(scope, Organisation) else None
    return {
        "organisation_id": organisation_id,
        "project_id": project.pk if project else None,
        "environment_id": environment.pk if environment else None,
    }
