"""Requests and evaluations by day, as the Admin API lists them and charts draw them. Days are those of UTC.

Counts of deleted projects and environments stay: what was used does not get less by deleting.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, Organisation
from vexil.stores.evaluations import EvaluationKey
from vexil.stores.usage import UsageKey


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` until just before `until`. Counts are kept by the hour, so hours are in or out as a whole."""

    since: datetime
    until: datetime

    @property
    def days(self) -> list[date]:
        first = self.since.date()
        last = (self.until - timedelta(microseconds=1)).date()
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Labels:
    """Who asked, as far as the requests said; as a filter, None lets everything through."""

    user_agent: str | None = None
    client_application_name: str | None = None
    client_application_version: str | None = None

    def let_through(self, others: "Labels") -> bool:
        wanted = (self.user_agent, self.client_application_name, self.client_application_version)
        found = (others.user_agent, others.client_application_name, others.client_application_version)
        return all(want in {None, got} for want, got in zip(wanted, found, strict=True))


ANY = Labels()


@dataclass(frozen=True, slots=True)
class Requests:
    """Numbers of requests by resource."""

    flags: int = 0
    identities: int = 0
    traits: int = 0
    environment_document: int = 0

    @property
    def total(self) -> int:
        return self.flags + self.identities + self.traits + self.environment_document


@dataclass(frozen=True, slots=True)
class DayOfUsage:
    """One day and one set of labels."""

    day: date
    labels: Labels
    requests: Requests


@dataclass(frozen=True, slots=True)
class ChartDay:
    """One day, with or without requests."""

    day: date
    requests: Requests
    by_user_agent: tuple[tuple[str | None, int], ...]
    """All requests of that day by SDK, most first; None for clients that are none we know."""


@dataclass(frozen=True, slots=True)
class DayOfEvaluations:
    """How often a feature was evaluated on one day by clients with one set of labels."""

    day: date
    labels: Labels
    count: int


def last_days(number: int, now: datetime) -> Span:
    """So many UTC days, today being the last."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(midnight - timedelta(days=number - 1), midnight + timedelta(days=1))


def environment_ids(
    organisation: Organisation, *, project_id: int | None = None, environment_id: int | None = None
) -> list[int]:
    """Those of an organisation that fit, deleted ones among them. One statement."""
    environments = Environment.objects.filter(project__organisation=organisation)
    if project_id is not None:
        environments = environments.filter(project_id=project_id)
    if environment_id is not None:
        environments = environments.filter(pk=environment_id)
    return list(environments.order_by("pk").values_list("pk", flat=True))


def by_labels(ids: Sequence[int], span: Span, wanted: Labels = ANY) -> list[DayOfUsage]:
    """A row per day and set of labels that had requests, in order of days. One look at the store."""
    counts: defaultdict[tuple[date, Labels], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for key, requests in stores.current().usage.by_day(ids, span.since, span.until).items():
        labels = _labels(key)
        if wanted.let_through(labels):
            counts[key.hour.date(), labels][key.resource] += requests
    rows = [DayOfUsage(day, labels, _requests(found)) for (day, labels), found in counts.items()]
    return sorted(rows, key=lambda row: (row.day, _order(row.labels)))


def chart(ids: Sequence[int], span: Span, wanted: Labels = ANY) -> list[ChartDay]:
    """Every day of the span, for a chart. One look at the store."""
    rows = by_labels(ids, span, wanted)
    by_day: defaultdict[date, list[DayOfUsage]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    return [ChartDay(day, added(by_day[day]), _by_user_agent(by_day[day])) for day in span.days]


def added(rows: Iterable[DayOfUsage]) -> Requests:
    """All of them together."""
    found = [row.requests for row in rows]
    return Requests(
        flags=sum(requests.flags for requests in found),
        identities=sum(requests.identities for requests in found),
        traits=sum(requests.traits for requests in found),
        environment_document=sum(requests.environment_document for requests in found),
    )


def by_environment(ids: Sequence[int], span: Span) -> dict[int, int]:
    """Requests of each environment that had any. One look at the store, which adds up."""
    return stores.current().usage.sums(ids, span.since, span.until)


def of_organisation(organisation: Organisation, span: Span) -> int | None:
    """All its requests; None when there were none at all."""
    sums = by_environment(environment_ids(organisation), span)
    return sum(sums.values()) if sums else None


def evaluations(environment: Environment, feature: Feature, span: Span, wanted: Labels = ANY) -> list[DayOfEvaluations]:
    """A row per day and set of labels, in order of days. One look at the store."""
    store = stores.current().evaluations
    counts: defaultdict[tuple[date, Labels], int] = defaultdict(int)
    for key, number in store.by_day([environment.pk], feature.name, span.since, span.until).items():
        labels = _labels(key)
        if wanted.let_through(labels):
            counts[key.hour.date(), labels] += number
    rows = [DayOfEvaluations(day, labels, number) for (day, labels), number in counts.items()]
    return sorted(rows, key=lambda row: (row.day, _order(row.labels)))


def _labels(key: UsageKey | EvaluationKey) -> Labels:
    return Labels(key.sdk or None, key.application or None, key.application_version or None)


def _order(labels: Labels) -> tuple[str, str, str]:
    return (labels.user_agent or "", labels.client_application_name or "", labels.client_application_version or "")


def _requests(by_resource: dict[str, int]) -> Requests:
    return Requests(**{resource.replace("-", "_"): requests for resource, requests in by_resource.items()})


def _by_user_agent(rows: Iterable[DayOfUsage]) -> tuple[tuple[str | None, int], ...]:
    totals: defaultdict[str | None, int] = defaultdict(int)
    for row in rows:
        totals[row.labels.user_agent] += row.requests.total
    return tuple(sorted(totals.items(), key=lambda entry: (-entry[1], entry[0] or "")))
