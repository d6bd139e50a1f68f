"""Custom fields that things of one kind can carry in a project."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from vexil.controlplane.db.models import (
    MetadataField,
    MetadataModelField,
    MetadataRequirement,
    Organisation,
    Project,
)
from vexil.controlplane.db.models.metadata import ContentType


@dataclass(frozen=True, slots=True)
class CustomField:
    model_field: MetadataModelField
    is_required: bool


def of(project: Project, kind: ContentType) -> list[CustomField]:
    """In order of creation; one statement."""
    here = Q(field__organisation=project.organisation_id) & (Q(field__project=None) | Q(field__project=project))
    by_project = Q(content_type=ContentType.PROJECT, object_id=project.pk)
    by_organisation = Q(content_type=ContentType.ORGANISATION, object_id=project.organisation_id)
    required = MetadataRequirement.objects.filter(by_project | by_organisation, model_field=OuterRef("pk"))
    rows = MetadataModelField.objects.filter(here, content_type=kind).annotate(is_required=Exists(required))
    return [CustomField(row, row.is_required) for row in rows.select_related("field").order_by("pk")]


def defined(organisation: Organisation) -> QuerySet[MetadataField]:
    """The organisation's and its projects' fields by name, with where they are: three statements."""
    uses = MetadataModelField.objects.order_by("content_type").prefetch_related("is_required_for")
    fields = MetadataField.objects.filter(organisation=organisation).select_related("organisation", "project")
    return fields.prefetch_related(Prefetch("model_fields", queryset=uses)).order_by("name", "pk")
