"""The audit log as the Admin API lists it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from vexil.controlplane.db.models import AuditRecord, Environment, Organisation, Project, User


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None and empty do not narrow."""

    project_id: int | None = None
    environment_ids: Sequence[int] = ()
    is_system_event: bool | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Who changed something and where, for a page of records. What is deleted is still there."""

    users: dict[int, User]
    projects: dict[int, Project]
    environments: dict[int, Environment]


def of_project(project: Project) -> QuerySet[AuditRecord]:
    """Newest first."""
    return AuditRecord.objects.filter(project_id=project.pk).order_by("-pk")


def of_organisations(organisations: Iterable[Organisation]) -> QuerySet[AuditRecord]:
    return AuditRecord.objects.filter(organisation_id__in=[row.pk for row in organisations]).order_by("-pk")


def narrowed(records: QuerySet[AuditRecord], filters: Filters) -> QuerySet[AuditRecord]:
    if filters.project_id is not None:
        records = records.filter(project_id=filters.project_id)
    if filters.environment_ids:
        records = records.filter(environment_id__in=filters.environment_ids)
    if filters.is_system_event is not None:
        records = records.filter(is_system_event=filters.is_system_event)
    return records.filter(log__icontains=filters.search) if filters.search else records


def surroundings(records: Sequence[AuditRecord]) -> Surroundings:
    """Three statements, whatever the number of records."""
    return Surroundings(
        User.objects.in_bulk({row.user_id for row in records if row.user_id is not None}),
        Project.objects.in_bulk({row.project_id for row in records if row.project_id is not None}),
        Environment.objects.in_bulk({row.environment_id for row in records if row.environment_id is not None}),
    )
