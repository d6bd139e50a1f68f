"""Tags: marks on the features of a project. SDKs do not see them, so nothing is published."""

from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events
from vexil.controlplane.db.models import Project, Tag
from vexil.controlplane.permissions import Actor


class SystemTag(Exception):
    """Only the system itself changes this tag."""


class UndeletableTag(Exception):
    """Only the system itself deletes this tag."""


@transaction.atomic
def create(project: Project, *, by: Actor, **fields: Any) -> Tag:
    tag = Tag.objects.create(project=project, **fields)
    events.record(by, "tag.created", tag.pk, scope=project, after=facts(tag))
    return tag


@transaction.atomic
def update(tag: Tag, *, by: Actor, **changes: Any) -> Tag:
    if tag.is_system_tag:
        raise SystemTag("Cannot update a system tag.")
    before = facts(tag)
    for name, value in changes.items():
        setattr(tag, name, value)
    tag.save(update_fields=list(changes))
    events.record(by, "tag.updated", tag.pk, scope=tag.project, before=before, after=facts(tag))
    return tag


@transaction.atomic
def delete(tag: Tag, *, by: Actor) -> None:
    """Features lose it."""
    if tag.is_system_tag:
        raise UndeletableTag("Cannot delete a system tag.")
    events.record(by, "tag.deleted", tag.pk, scope=tag.project, before=facts(tag))
    tag.delete()


def facts(tag: Tag) -> dict[str, Any]:
    """What an event tells of a tag."""
    return {
        "label": tag.label,
        "color": tag.color,
        "description": tag.description,
        "is_permanent": tag.is_permanent,
    }
