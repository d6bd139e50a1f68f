"""The panel of a feature over the list: a head, tabs, and the tab that is open. Also a page of its own."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict

from vexil.controlplane.dashboard import feature_filters, feature_rows, htmx, rendering
from vexil.controlplane.dashboard.feature_filters import Asked
from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Feature
from vexil.controlplane.db.models.features import FeatureType

TABS = (
    ("value", "Value"),
    ("segment-overrides", "Segment overrides"),
    ("identity-overrides", "Identity overrides"),
    ("usage", "Usage"),
    ("health", "Health"),
    ("history", "History"),
    ("links", "Links"),
    ("settings", "Settings"),
)
CHANGED = "features-changed"
"""The event by which the list under the panel loads itself again."""


def shown(
    request: HttpRequest, place: Place, feature: Feature, tab: str, values: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The panel with one tab open; as a fragment, or in its page."""
    query, powers = list_query(request), feature_rows.powers(place)
    panel = {
        "feature": feature,
        "is_multivariate": feature.type == FeatureType.MULTIVARIATE,
        "tabs": [
            (label, feature_rows.panel_url(place, feature.pk, key, query=query), key == tab) for key, label in TABS
        ],
        "tab": tab,
        "tab_template": f"features/tabs/{tab.replace('-', '_')}.html",
        "tab_url": feature_rows.panel_url(place, feature.pk, tab, query=query),
        "list_query": query,
        "list_url": feature_rows.list_url(place, query),
        "list_path": feature_rows.list_url(place),
        "powers": powers,
        "locked": not powers.switch,
        **values,
    }
    if htmx.is_fragment(request):
        return rendering.fragment(request, "features/panel.html", place, panel, status=status)
    asked = Asked(QueryDict(query))
    around = {"asked": asked, "sorts": feature_filters.SORTS, "query": query, "panel": True}
    return rendering.page(request, "features/list.html", place, {**panel, **around}, status=status)


def saved(request: HttpRequest, place: Place, feature: Feature, tab: str, said: str) -> HttpResponse | None:
    """Where to go after a change; None: show the tab again, as a fragment. `announced` finishes that."""
    url = feature_rows.panel_url(place, feature.pk, tab, query=list_query(request))
    if not htmx.is_fragment(request):
        return rendering.done(request, url, said)
    messages.success(request, said)
    return None


def announced(response: HttpResponse) -> HttpResponse:
    """Have the list under the panel show the change, too."""
    return htmx.with_event(response, CHANGED)


def list_query(request: HttpRequest) -> str:
    """The query of the list that the panel lies over; forms carry it along."""
    if request.method == "POST":
        return request.POST.get("query", "")
    return feature_filters.list_query(request)
