"""Numbers over all organisations that somebody administers; each answer takes a fixed number of statements."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Max, Q

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, Integration, Organisation, Project, Role, User
from vexil.controlplane.integrations.catalogue import SLACK_TOKEN
from vexil.stores.usage import UsageKey

FLAGS, IDENTITIES = "flags", "identities"
PERIODS = (30, 60, 90)


def administered_by(user: User) -> list[int]:
    """Ids of organisations."""
    rows = Organisation.live.filter(memberships__user=user, memberships__role=Role.ADMIN)
    return list(rows.values_list("pk", flat=True))


def summary(organisation_ids: list[int], *, now: datetime, days: int) -> dict[str, int]:
    """Totals, and who was active in the last days."""
    since = now - timedelta(days=days)
    projects = Project.live.filter(organisation_id__in=organisation_ids)
    people = User.objects.filter(memberships__organisation_id__in=organisation_ids).distinct()
    active = Organisation.live.filter(pk__in=organisation_ids, memberships__user__last_login__gte=since)
    environment_ids = _environment_ids(organisation_ids)
    calls = stores.current().usage.sums(environment_ids, now - timedelta(days=30), now)
    return {
        "total_organisations": len(organisation_ids),
        "active_organisations": active.distinct().count(),
        "total_projects": projects.count(),
        "total_environments": len(environment_ids),
        "total_flags": Feature.live.filter(project__in=projects).count(),
        "total_users": people.count(),
        "active_users": people.filter(last_login__gte=since).count(),
        "total_api_calls_30d": sum(calls.values()),
        "total_integrations": sum(entry.count for entry in integrations(organisation_ids)),
    }


@dataclass(frozen=True, slots=True)
class Trend:
    """One UTC day."""

    day: datetime
    calls: int
    flags: int
    identities: int


def usage_trends(organisation_ids: list[int], *, now: datetime, days: int) -> list[Trend]:
    """The days on which there were calls, oldest first."""
    calls = stores.current().usage.by_day(_environment_ids(organisation_ids), now - timedelta(days=days), now)
    by_day: dict[datetime, Counter[str]] = defaultdict(Counter)
    for key, count in calls.items():
        by_day[key.hour][key.resource] += count
    return [Trend(day, counts.total(), counts[FLAGS], counts[IDENTITIES]) for day, counts in sorted(by_day.items())]


@dataclass(frozen=True, slots=True)
class StaleFlags:
    project: Project
    stale: int
    total: int


def stale_flags(organisation_ids: list[int], *, now: datetime) -> list[StaleFlags]:
    """How many features of each project nobody has changed anywhere within its limit; one statement each for both."""
    projects = Project.live.filter(organisation_id__in=organisation_ids).select_related("organisation")
    changes: dict[int, list[datetime]] = defaultdict(list)
    features = Feature.live.filter(project__in=projects)
    changed_at = Max("feature_states__updated_at", filter=Q(feature_states__environment__deleted_at__isnull=True))
    for row in features.annotate(changed_at=changed_at).values("project", "created_date", "changed_at"):
        changes[row["project"]].append(max(row["created_date"], row["changed_at"] or row["created_date"]))
    found = []
    for project in projects.order_by("organisation__name", "name", "pk"):
        since = now - timedelta(days=project.stale_flags_limit_days)
        times = changes[project.pk]
        if times:
            found.append(StaleFlags(project, sum(time < since for time in times), len(times)))
    return found


@dataclass(frozen=True, slots=True)
class Integrations:
    """How many of one kind an organisation has, in places of one sort."""

    organisation_id: int
    organisation_name: str
    kind: str
    scope: str
    count: int


def integrations(organisation_ids: list[int]) -> list[Integrations]:
    """By organisation and kind; one statement for each sort of place."""
    ways = {
        "environment": "environment__project__organisation",
        "project": "project__organisation",
        "organisation": "organisation",
    }
    found = []
    for scope, way in ways.items():
        places = {f"{way}__in": organisation_ids, f"{way}__deleted_at__isnull": True}
        places |= {f"{place}__deleted_at__isnull": True for place in (scope, *way.split("__")[:-1])}
        kept = Integration.objects.filter(**places).exclude(kind=SLACK_TOKEN)  # which belongs to Slack's own
        rows = kept.values(way, f"{way}__name", "kind").annotate(count=Count("pk"))
        names = (way, f"{way}__name", "kind", "count")
        for organisation_id, name, kind, count in rows.values_list(*names):
            found.append(Integrations(organisation_id, name, kind, scope, count))
    return sorted(found, key=lambda entry: (entry.organisation_id, entry.kind, entry.scope))


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of each environment, by resource: in the last 30, 60 and 90 days."""

    by_days: dict[int, dict[int, Counter[str]]] = field(default_factory=dict)

    def of(self, environment_id: int, days: int) -> Counter[str]:
        return self.by_days[days].get(environment_id, Counter())


def usage_of(environment_ids: list[int], *, now: datetime) -> Usage:
    """One look at the stores."""
    calls = stores.current().usage.by_day(environment_ids, now - timedelta(days=90), now)
    return Usage({days: _since(calls, now - timedelta(days=days)) for days in PERIODS})


def _since(calls: dict[UsageKey, int], since: datetime) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for key, count in calls.items():
        if key.hour > since - timedelta(days=1):
            found[key.environment_id][key.resource] += count
    return found


class People(NamedTuple):
    all: int
    active: int
    admins: int


def people_of(organisation_ids: list[int], *, since: datetime) -> dict[int, People]:
    """How many people each organisation has, how many of them were here since then, and how many are admins."""
    rows = Organisation.live.filter(pk__in=organisation_ids).annotate(
        all=Count("memberships"),
        active=Count("memberships", filter=Q(memberships__user__last_login__gte=since)),
        admins=Count("memberships", filter=Q(memberships__role=Role.ADMIN)),
    )
    return {pk: People(*counts) for pk, *counts in rows.values_list("pk", "all", "active", "admins")}


def flags_of(organisation_ids: list[int]) -> dict[int, int]:
    """How many features each project has."""
    rows = Feature.live.filter(project__organisation_id__in=organisation_ids).values("project")
    return dict(rows.annotate(count=Count("pk")).values_list("project", "count"))


def environments_of(organisation_ids: list[int]) -> dict[int, list[Environment]]:
    """By project."""
    found: dict[int, list[Environment]] = defaultdict(list)
    rows = Environment.live.filter(project__organisation_id__in=organisation_ids, project__deleted_at__isnull=True)
    for environment in rows.order_by("pk"):
        found[environment.project_id].append(environment)
    return found


def _environment_ids(organisation_ids: list[int]) -> list[int]:
    return [environment.pk for group in environments_of(organisation_ids).values() for environment in group]
