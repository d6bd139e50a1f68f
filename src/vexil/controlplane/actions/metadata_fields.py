"""Custom fields: what they are called and hold, what they can be set on, and where they must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import (
    MetadataField,
    MetadataModelField,
    MetadataRequirement,
    Organisation,
    Project,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation or a project in which a field is required."""

    content_type: int
    object_id: int


Uses = Mapping[int, Sequence[Place]]
"""By the kinds of things that a field is on: where they must have it."""


@transaction.atomic
def add(organisation: Organisation, uses: Uses, *, by: Actor, **fields: Any) -> MetadataField:
    """A new field together with what it can be set on."""
    field = create(organisation, by=by, **fields)
    _set_uses(field, uses, by=by)
    return field


@transaction.atomic
def change(field: MetadataField, uses: Uses, *, by: Actor, **changes: Any) -> MetadataField:
    """On these kinds of things only from now on; its values on others go."""
    field = update(field, by=by, **changes)
    _set_uses(field, uses, by=by)
    return field


@transaction.atomic
def create(organisation: Organisation, *, by: Actor, **fields: Any) -> MetadataField:
    _lock(organisation.pk)
    field = MetadataField(organisation=organisation, **fields)
    _check_name(field)
    field.save()
    events.record(by, "metadata_field.created", field.pk, scope=_scope(field), after=_facts(field))
    return field


@transaction.atomic
def update(field: MetadataField, *, by: Actor, **changes: Any) -> MetadataField:
    _lock(field.organisation_id)
    field = MetadataField.objects.select_related("organisation", "project").get(pk=field.pk)
    before = _facts(field)
    for name, value in changes.items():
        setattr(field, name, value)
    _check_name(field)
    field.save()
    events.record(by, "metadata_field.updated", field.pk, scope=_scope(field), before=before, after=_facts(field))
    return field


@transaction.atomic
def delete(field: MetadataField, *, by: Actor) -> None:
    """The field with all values that it has anywhere."""
    events.record(by, "metadata_field.deleted", field.pk, scope=_scope(field), before=_facts(field))
    field.delete()


@transaction.atomic
def create_model_field(
    field: MetadataField, content_type: int, required_for: Sequence[Place], *, by: Actor
) -> MetadataModelField:
    """Let the field be set on one kind of thing."""
    _lock(field.organisation_id)
    model_field = MetadataModelField(field=field, content_type=content_type)
    _check_pair(model_field)
    model_field.save()
    _require(model_field, required_for)
    after = _model_facts(model_field)
    events.record(by, "metadata_model_field.created", model_field.pk, scope=_scope(field), after=after)
    return model_field


@transaction.atomic
def update_model_field(
    model_field: MetadataModelField, required_for: Sequence[Place] | None, *, by: Actor, **changes: Any
) -> MetadataModelField:
    """`required_for`, when given, are the only places from now on."""
    _lock(model_field.field.organisation_id)
    before = _model_facts(model_field)
    for name, value in changes.items():
        setattr(model_field, name, value)
    _check_pair(model_field)
    model_field.save()
    if required_for is not None:
        _require(model_field, required_for)
    after = _model_facts(model_field)
    scope = _scope(model_field.field)
    events.record(by, "metadata_model_field.updated", model_field.pk, scope=scope, before=before, after=after)
    return model_field


@transaction.atomic
def delete_model_field(model_field: MetadataModelField, *, by: Actor) -> None:
    before, scope = _model_facts(model_field), _scope(model_field.field)
    events.record(by, "metadata_model_field.deleted", model_field.pk, scope=scope, before=before)
    model_field.delete()


def _set_uses(field: MetadataField, uses: Uses, *, by: Actor) -> None:
    there = {
        row.content_type: row for row in field.model_fields.select_related("field__organisation", "field__project")
    }
    for content_type, model_field in there.items():
        if content_type not in uses:
            delete_model_field(model_field, by=by)
    for content_type, places in uses.items():
        if content_type not in there:
            create_model_field(field, content_type, places, by=by)
        elif set(places) != _places(there[content_type]):
            update_model_field(there[content_type], places, by=by)


def _places(model_field: MetadataModelField) -> set[Place]:
    rows = model_field.is_required_for.values_list("content_type", "object_id")
    return {Place(content_type, object_id) for content_type, object_id in rows}


def _require(model_field: MetadataModelField, places: Sequence[Place]) -> None:
    organisation_id = model_field.field.organisation_id
    projects = set(Project.live.filter(organisation=organisation_id).values_list("pk", flat=True))
    for place in places:
        known = projects if place.content_type == ContentType.PROJECT else {organisation_id}
        if place.object_id not in known:
            raise Refused("The requirement must be for the organisation or one of its projects.", "is_required_for")
    model_field.is_required_for.all().delete()
    MetadataRequirement.objects.bulk_create(
        MetadataRequirement(model_field=model_field, content_type=place.content_type, object_id=place.object_id)
        for place in dict.fromkeys(places)
    )


def _check_name(field: MetadataField) -> None:
    namesakes = MetadataField.objects.filter(
        organisation=field.organisation_id, project=field.project_id, name=field.name
    )
    if namesakes.exclude(pk=field.pk).exists():
        raise Refused("A metadata field with this name already exists.", "name")


def _check_pair(model_field: MetadataModelField) -> None:
    same = MetadataModelField.objects.filter(field=model_field.field_id, content_type=model_field.content_type)
    if same.exclude(pk=model_field.pk).exists():
        raise Refused("The fields field, content_type must make a unique set.")


def _lock(organisation_id: int) -> None:
    """So that two people at once do not use one name."""
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def _scope(field: MetadataField) -> Organisation | Project:
    return field.project or field.organisation


def _facts(field: MetadataField) -> dict[str, Any]:
    return {"name": field.name, "type": field.type, "description": field.description}


def _model_facts(model_field: MetadataModelField) -> dict[str, Any]:
    places = model_field.is_required_for.order_by("pk").values("content_type", "object_id")
    return {
        "field_id": model_field.field_id,
        "content_type": model_field.content_type,
        "is_required_for": list(places),
    }
