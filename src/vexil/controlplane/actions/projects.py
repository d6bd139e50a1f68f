"""Projects: creating, changing and deleting them."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events, locks, plan_limits
from vexil.controlplane.actions.publishing import publish_all, publish_project
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Environment, Organisation, Project, ProjectGrant
from vexil.controlplane.permissions import Actor

_SEEN_BY_SDKS = {"name", "hide_disabled_flags", "enable_realtime_updates"}


class NameTaken(Refused):
    """Another project of the organisation has this name."""


@transaction.atomic
def create(organisation: Organisation, *, by: Actor, **fields: Any) -> Project:
    """A new project; the user who makes it is its admin."""
    _check_name(organisation.pk, fields["name"])
    plan_limits.check_project(organisation)
    project = Project.objects.create(organisation=organisation, **fields)
    if by.user:
        ProjectGrant.objects.create(user=by.user, project=project, is_admin=True)
    events.record(by, "project.created", project.pk, scope=project, after={"name": project.name})
    return project


@transaction.atomic
def update(project: Project, *, by: Actor, **changes: Any) -> Project:
    if "name" in changes:
        _check_name(project.organisation_id, changes["name"], other_than=project)
    before = {name: getattr(project, name) for name in changes}
    for name, value in changes.items():
        setattr(project, name, value)
    project.save(update_fields=list(changes))
    events.record(by, "project.updated", project.pk, scope=project, before=before, after=changes)
    if _SEEN_BY_SDKS & changes.keys():
        publish_project(project)
    return project


@transaction.atomic
def delete(project: Project, *, by: Actor) -> None:
    """Delete it with its environments; their keys stop at once."""
    now = timezone.now()
    environments = locks.lock_project(project)
    Environment.live.filter(project=project).update(deleted_at=now)
    Project.objects.filter(pk=project.pk).update(deleted_at=now)
    events.record(by, "project.deleted", project.pk, scope=project, before={"name": project.name})
    publish_all(environments)


def _check_name(organisation_id: int, name: str, *, other_than: Project | None = None) -> None:
    """Raise `NameTaken`. The organisation is locked until the end, so that no one else takes the name meanwhile."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    namesake = Project.live.filter(organisation_id=organisation_id, name=name).first()
    if namesake is not None and namesake != other_than:
        raise NameTaken("A project with this name already exists.")
