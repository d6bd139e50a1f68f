"""Which integrations there are in a place, and which of them hear of what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from vexil.controlplane.db.models import AuditRecord, Environment, Integration, Organisation, Project
from vexil.controlplane.integrations.catalogue import OF_CHANGES, OF_IDENTITIES

Place = Environment | Project | Organisation


def of_place(place: Place, kind: str) -> QuerySet[Integration]:
    return Integration.objects.filter(_is_of(place), kind=kind).order_by("pk")


def of_project(project: Project, environments: Iterable[Environment]) -> QuerySet[Integration]:
    """Those of the project itself and of these environments. One statement."""
    return Integration.objects.filter(Q(project=project) | Q(environment__in=list(environments))).order_by("pk")


def of_organisation(organisation: Organisation) -> QuerySet[Integration]:
    return Integration.objects.filter(organisation=organisation).order_by("pk")


def hears_of_identities() -> Exists:
    """Of an environment: whether any integration wants to hear of its identities."""
    return Exists(Integration.objects.filter(environment=OuterRef("pk"), kind__in=OF_IDENTITIES))


def of_identities(environment_ids: Iterable[int]) -> dict[int, list[Integration]]:
    """By environment, what hears of its identities. One statement."""
    found = Integration.objects.filter(
        kind__in=OF_IDENTITIES,
        environment__in=list(environment_ids),
        environment__deleted_at=None,
        environment__project__deleted_at=None,
    )
    by_environment: dict[int, list[Integration]] = defaultdict(list)
    for integration in found.order_by("pk"):
        by_environment[integration.environment_id or 0].append(integration)
    return by_environment


def listeners(records: Sequence[AuditRecord], kinds: Iterable[str] = OF_CHANGES) -> dict[int, list[Integration]]:
    """By record: the integrations of its environment, project and organisation. One statement."""
    environments = {row.environment_id for row in records if row.environment_id is not None}
    projects = {row.project_id for row in records if row.project_id is not None}
    organisations = {row.organisation_id for row in records if row.organisation_id is not None}
    concerned = Integration.objects.filter(
        Q(environment__in=environments) | Q(project__in=projects) | Q(organisation__in=organisations),
        kind__in=list(kinds),
    )
    integrations = list(concerned.order_by("pk"))
    found = {row.pk: [integration for integration in integrations if _hears(integration, row)] for row in records}
    return {pk: listening for pk, listening in found.items() if listening}


def _hears(integration: Integration, row: AuditRecord) -> bool:
    """Whether it is told of what happens there, and was there when it happened."""
    if integration.environment_id is not None:
        is_there = integration.environment_id == row.environment_id
    elif integration.project_id is not None:
        is_there = integration.project_id == row.project_id
    else:
        is_there = integration.organisation_id == row.organisation_id
    return is_there and integration.created_at <= row.created_at


def _is_of(place: Place) -> Q:
    name = type(place).__name__.lower()
    return Q(**{name: place})
