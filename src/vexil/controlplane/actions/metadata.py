"""The values of custom fields on features, segments and environments."""

from collections.abc import Sequence
from dataclasses import dataclass

from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    Metadata,
    MetadataModelField,
    MetadataRequirement,
    Project,
    Segment,
)
from vexil.controlplane.db.models.metadata import ContentType

Entity = Feature | Segment | Environment

_CONTENT_TYPES = {
    Feature: ContentType.FEATURE,
    Segment: ContentType.SEGMENT,
    Environment: ContentType.ENVIRONMENT,
}
_COLUMNS = {Feature: "feature", Segment: "segment", Environment: "environment"}


@dataclass(frozen=True, slots=True)
class Value:
    model_field: MetadataModelField
    text: str


def replace(entity: Entity, values: Sequence[Value] | None) -> None:
    """Make these the only values, and refuse where one is missing that must be there; None leaves them alone.

    Rows only: the caller locks, records and publishes.
    """
    if values is None:
        return
    _check(entity, values)
    own = {_COLUMNS[type(entity)]: entity}
    Metadata.objects.filter(**own).delete()
    Metadata.objects.bulk_create(
        Metadata(model_field=value.model_field, field_value=value.text, **own) for value in values
    )


def facts(entity: Entity) -> dict[str, str]:
    """Texts by the id of the model field, as events tell of them."""
    rows = Metadata.objects.filter(**{_COLUMNS[type(entity)]: entity}).order_by("pk")
    return {str(pk): text for pk, text in rows.values_list("model_field_id", "field_value")}


def _check(entity: Entity, values: Sequence[Value]) -> None:
    given = [value.model_field.pk for value in values]
    content_type, project = _CONTENT_TYPES[type(entity)], entity.project
    if len(set(given)) < len(given):
        raise Refused("Each metadata field can be given only once.", "metadata")
    for value in values:
        if not _fits(value.model_field, content_type, project):
            raise Refused(f"Metadata field {value.model_field.field.name} cannot be used here.", "metadata")
    for requirement in _requirements(content_type, project):
        if requirement.model_field_id not in given:
            name = requirement.model_field.field.name
            raise Refused(f"Missing required metadata field: {name}", "metadata")


def _fits(model_field: MetadataModelField, content_type: ContentType, project: Project) -> bool:
    field = model_field.field
    return (
        model_field.content_type == content_type
        and field.organisation_id == project.organisation_id
        and field.project_id in (None, project.pk)
    )


def _requirements(content_type: ContentType, project: Project) -> list[MetadataRequirement]:
    """What the project and its organisation require of this kind of thing."""
    requirements = MetadataRequirement.objects.select_related("model_field__field").filter(
        model_field__content_type=content_type, model_field__field__organisation=project.organisation_id
    )
    places = {(ContentType.PROJECT, project.pk), (ContentType.ORGANISATION, project.organisation_id)}
    return [row for row in requirements.order_by("pk") if (row.content_type, row.object_id) in places]
