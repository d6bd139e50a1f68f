"""The audit log as the Admin API lists it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from vexil.controlplane.db.models import AuditRecord, Environment, Organisation, Project, User
from vexil.controlplane.queries import plans


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None and empty do not narrow."""

    project_id: int | None = None
    environment_ids: Sequence[int] = ()
    is_system_event: bool | None = None
    search: str = ""
    kind: str = ""
    """What sort of thing was changed, as records name it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Who changed something and where, for a page of records. What is deleted is still there."""

    users: dict[int, User]
    projects: dict[int, Project]
    environments: dict[int, Environment]


def of_project(project: Project, *, now: datetime) -> QuerySet[AuditRecord]:
    """Newest first, as far back as the organisation's plan lets see."""
    since = plans.audit_log_since([project.organisation_id], now)[project.organisation_id]
    return AuditRecord.objects.filter(_after(since), project_id=project.pk).order_by("-pk")


def of_organisations(organisations: Iterable[Organisation], *, now: datetime) -> QuerySet[AuditRecord]:
    """The same of all of them together."""
    since = plans.audit_log_since([row.pk for row in organisations], now)
    unlimited = Q(organisation_id__in=[pk for pk, moment in since.items() if moment is None])
    limited = [Q(_after(moment), organisation_id=pk) for pk, moment in since.items() if moment is not None]
    return AuditRecord.objects.filter(reduce(or_, limited, unlimited)).order_by("-pk")


def _after(moment: datetime | None) -> Q:
    return Q() if moment is None else Q(created_at__gte=moment)


def narrowed(records: QuerySet[AuditRecord], filters: Filters) -> QuerySet[AuditRecord]:
    if filters.project_id is not None:
        records = records.filter(project_id=filters.project_id)
    if filters.environment_ids:
        records = records.filter(environment_id__in=filters.environment_ids)
    if filters.is_system_event is not None:
        records = records.filter(is_system_event=filters.is_system_event)
    if filters.kind:
        records = records.filter(related_object_type=filters.kind)
    return records.filter(log__icontains=filters.search) if filters.search else records


def surroundings(records: Sequence[AuditRecord]) -> Surroundings:
    """Three statements, whatever the number of records."""
    return Surroundings(
        User.objects.in_bulk({row.user_id for row in records if row.user_id is not None}),
        Project.objects.in_bulk({row.project_id for row in records if row.project_id is not None}),
        Environment.objects.in_bulk({row.environment_id for row in records if row.environment_id is not None}),
    )
