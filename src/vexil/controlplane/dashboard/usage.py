"""Usage of an organisation: requests of SDKs by day, by resource and by SDK, and how much of the allowance they are."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.dashboard import charts, htmx, rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation
from vexil.controlplane.db.models import Environment, Project, Subscription
from vexil.controlplane.queries import billing, environments, plans
from vexil.controlplane.queries import usage as queries
from vexil.controlplane.queries.usage import DayOfUsage, Span

RESOURCES = (
    ("flags", "Flags"),
    ("identities", "Identities"),
    ("traits", "Traits"),
    ("environment_document", "Environment documents"),
)
OTHER_CLIENTS = "other"
"""In the filter: requests of clients that are no SDK we know."""
_DAYS = {"30": "Last 30 days", "90": "Last 90 days"}
_MONTHS = {
    "current": ("This billing period", billing.current_month),
    "previous": ("The one before", billing.previous_month),
}
_NEAR, _FULL = 75, 100


def shown(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """Seven statements at most besides those of the frame, and two looks at the store."""
    place = at_organisation(request, organisation_id)
    now = datetime.now(UTC)
    subscription = Subscription.objects.get(organisation=place.organisation) if plans.has_billing() else None
    periods = _periods(subscription, now)
    period = request.GET.get("period", "")
    span = periods.get(period, periods["30"])[1]
    values = {
        "periods": [(name, label) for name, (label, _) in periods.items()],
        "period": period,
        **_places(request, place),
        "allowance": _allowance(place, subscription, now),
    }
    values |= _counted(request, place, span, values)
    if htmx.is_fragment(request):
        return rendering.fragment(request, "usage/results.html", place, values)
    return rendering.page(request, "usage/usage.html", place, values)


def _counted(request: HttpRequest, place: Place, span: Span, chosen: dict[str, Any]) -> dict[str, Any]:
    project, environment = chosen["project"], chosen["environment"]
    ids = queries.environment_ids(
        place.organisation,
        project_id=project.pk if project else None,
        environment_id=environment.pk if environment else None,
    )
    rows = queries.by_labels(ids, span)
    sdk = request.GET.get("sdk", "")
    wanted = [row for row in rows if not sdk or _sdk(row) == sdk]
    by_day = _grouped(wanted)
    totals = queries.added(wanted)
    return {
        "sdk": sdk,
        "sdks": sorted({_sdk(row) for row in rows} | ({sdk} if sdk else set())),
        "total": totals.total,
        "totals": [(name, label, getattr(totals, name)) for name, label in RESOURCES],
        "chart": charts.stacked([(day, asdict(queries.added(by_day[day]))) for day in span.days]),
        "days": [(day, queries.added(by_day[day])) for day in reversed(span.days) if by_day[day]],
        "by_sdk": _by_sdk(wanted),
        "first_day": span.days[0],
        "last_day": span.days[-1],
    }


def _grouped(rows: Iterable[DayOfUsage]) -> defaultdict[date, list[DayOfUsage]]:
    by_day: defaultdict[date, list[DayOfUsage]] = defaultdict(list)
    for row in rows:
        by_day[row.day].append(row)
    return by_day


def _by_sdk(rows: Iterable[DayOfUsage]) -> list[tuple[str, int]]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[_sdk(row)] += row.requests.total
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _sdk(row: DayOfUsage) -> str:
    return row.labels.user_agent or OTHER_CLIENTS


def _periods(subscription: Subscription | None, now: datetime) -> dict[str, tuple[str, Span]]:
    """What can be looked at: days, and the months of a paid plan."""
    periods = {name: (label, queries.last_days(int(name), now)) for name, label in _DAYS.items()}
    if subscription is not None:
        try:
            periods |= {name: (label, month(subscription, now)) for name, (label, month) in _MONTHS.items()}
        except billing.NoBillingPeriod:
            return periods
    return periods


def _places(request: HttpRequest, place: Place) -> dict[str, Any]:
    """The projects that the person sees, and the environments of the chosen one; two statements."""
    seen = permissions.viewable_projects(place.by).filter(organisation=place.organisation)
    projects = list(seen.order_by("name", "pk"))
    project: Project | None = _chosen(projects, request.GET.get("project"))
    within = list(environments.live().filter(project=project).order_by("pk")) if project else []
    inside: list[Environment] = [row for row in within if place.standing.at_environment(row).include(_SEE)]
    return {
        "projects": projects,
        "project": project,
        "environments": inside,
        "environment": _chosen(inside, request.GET.get("environment")),
    }


def _chosen(rows: list[Any], asked: str | None) -> Any:
    return next((row for row in rows if str(row.pk) == asked), None)


def _allowance(place: Place, subscription: Subscription | None, now: datetime) -> dict[str, Any] | None:
    if subscription is None:
        return None
    found = billing.allowance(place.organisation, subscription, now)
    kind = "bad" if found.percent >= _FULL else "warn" if found.percent >= _NEAR else ""
    return {
        "used": found.used,
        "allowed": found.allowed,
        "percent": found.percent,
        "kind": kind,
        "period": found.period,
    }


_SEE = permissions.VIEW_ENVIRONMENT

urlpatterns: list[URLPattern] = [page("organisation/<int:organisation_id>/usage", shown, "usage")]
