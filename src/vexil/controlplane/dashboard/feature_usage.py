"""The tab of usage: how often programs asked for the feature in one environment, day by day."""

from collections import defaultdict
from datetime import UTC, date, datetime

from django.http import HttpRequest, HttpResponse

from vexil.controlplane.dashboard import charts, feature_panel, feature_rows
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Feature
from vexil.controlplane.queries import usage

TAB = "usage"
PERIODS = (7, 30, 90)
_CHART_WIDTH = 720


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    """No statement, and one look at the store."""
    assert place.environment is not None
    asked = request.GET.get("period", "")
    period = int(asked) if asked in {str(days) for days in PERIODS} else 30
    span = usage.last_days(period, datetime.now(UTC))
    by_day: defaultdict[date, int] = defaultdict(int)
    by_sdk: defaultdict[str, int] = defaultdict(int)
    for row in usage.evaluations(place.environment, feature, span):
        by_day[row.day] += row.count
        by_sdk[row.labels.user_agent or "other clients"] += row.count
    days = [(day, by_day[day]) for day in span.days]
    query = feature_panel.list_query(request)
    url = feature_rows.panel_url(place, feature.pk, TAB, query=query)
    values = {
        "total": sum(by_day.values()),
        "chart": charts.stacked([(day, {"evaluations": count}) for day, count in days], width=_CHART_WIDTH),
        "days": [(day, count) for day, count in reversed(days) if count],
        "sdks": sorted(by_sdk.items(), key=lambda item: -item[1]),
        "periods": [(f"{days} days", f"{url}&period={days}", days == period) for days in PERIODS],
        "period": period,
    }
    return feature_panel.shown(request, place, feature, TAB, values)
