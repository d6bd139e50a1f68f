"""Each organisation that somebody administers, with its projects and environments, and how much they are used."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vexil.controlplane.db.models import Environment, Organisation, Project
from vexil.controlplane.queries import hub

Calls = dict[int, Counter[str]]
"""By resource, in the last 30, 60 and 90 days."""


@dataclass(frozen=True, slots=True)
class EnvironmentNumbers:
    environment: Environment
    calls: Calls


@dataclass(frozen=True, slots=True)
class ProjectNumbers:
    project: Project
    flags: int
    environments: list[EnvironmentNumbers]

    @property
    def calls(self) -> Calls:
        return _added_up(entry.calls for entry in self.environments)


@dataclass(frozen=True, slots=True)
class OrganisationNumbers:
    organisation: Organisation
    people: hub.People
    stale_flags: int
    integrations: int
    projects: list[ProjectNumbers]

    @property
    def flags(self) -> int:
        return sum(project.flags for project in self.projects)

    @property
    def calls(self) -> Calls:
        return _added_up(project.calls for project in self.projects)


def numbers(organisation_ids: list[int], *, now: datetime) -> list[OrganisationNumbers]:
    """In order of id. Ten statements and a look at the stores, whatever there is."""
    projects = _projects(organisation_ids, now)
    people = hub.people_of(organisation_ids, since=now - timedelta(days=30))
    stale, connected = Counter[int](), Counter[int]()
    for entry in hub.stale_flags(organisation_ids, now=now):
        stale[entry.project.organisation_id] += entry.stale
    for group in hub.integrations(organisation_ids):
        connected[group.organisation_id] += group.count
    return [
        OrganisationNumbers(
            organisation,
            people[organisation.pk],
            stale_flags=stale[organisation.pk],
            integrations=connected[organisation.pk],
            projects=projects.get(organisation.pk, []),
        )
        for organisation in Organisation.live.filter(pk__in=organisation_ids)
        .select_related("subscription")
        .order_by("pk")
    ]


def _projects(organisation_ids: list[int], now: datetime) -> dict[int, list[ProjectNumbers]]:
    """By organisation."""
    environments = hub.environments_of(organisation_ids)
    usage = hub.usage_of([environment.pk for group in environments.values() for environment in group], now=now)
    flags = hub.flags_of(organisation_ids)
    found: dict[int, list[ProjectNumbers]] = defaultdict(list)
    for project in Project.live.filter(organisation_id__in=organisation_ids).order_by("pk"):
        each = [
            EnvironmentNumbers(environment, {days: usage.of(environment.pk, days) for days in hub.PERIODS})
            for environment in environments.get(project.pk, [])
        ]
        found[project.organisation_id].append(ProjectNumbers(project, flags.get(project.pk, 0), each))
    return found


def _added_up(calls: Iterable[Calls]) -> Calls:
    total = {days: Counter[str]() for days in hub.PERIODS}
    for entry in calls:
        for days, counts in entry.items():
            total[days].update(counts)
    return total
