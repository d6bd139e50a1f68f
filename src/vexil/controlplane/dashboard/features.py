"""The features of a project as they are in one environment: the list, and the panel that opens over it."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from vexil.controlplane.dashboard import (
    feature_filters,
    feature_health,
    feature_history,
    feature_identities,
    feature_links,
    feature_overrides,
    feature_rows,
    feature_settings,
    feature_switches,
    feature_usage,
    feature_value,
    htmx,
    rendering,
)
from vexil.controlplane.dashboard.feature_filters import Asked
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature, Tag
from vexil.controlplane.queries import feature_lists
from vexil.controlplane.queries import features as queries


def listed(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    if "feature" in request.GET:
        return _opened(request, place)
    asked = Asked(request.GET)
    values = _frame(place, asked) | _found(request, place, asked)
    if htmx.is_fragment(request):
        return rendering.fragment(request, "features/results.html", place, values)
    return rendering.page(request, "features/list.html", place, values)


def _opened(request: HttpRequest, place: Place) -> HttpResponse:
    """The panel of the feature that the address names."""
    text = request.GET["feature"]
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Http404("feature")
    feature = feature_switches.found(place, int(text))
    return TABS.get(request.GET.get("tab", ""), feature_value.opened)(request, place, feature)


def filters(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    """All filters of the list; as a menu over it, or as a page of its own."""
    place = at_environment(request, project_id, environment_key)
    assert place.project is not None
    asked = Asked(request.GET)
    values = {
        "asked": asked,
        "stages": feature_filters.STAGES,
        "chosen_tags": asked.ids("tags"),
        "chosen_owners": asked.ids("owners"),
        "chosen_groups": asked.ids("group_owners"),
        "tags": list(Tag.objects.filter(project=place.project).order_by("label", "pk")[:200]),
        "owners": feature_filters.owners_of(place.project),
        "groups": feature_filters.groups_of(place.project),
        "list_url": feature_rows.list_url(place),
    }
    if htmx.is_fragment(request):
        return rendering.fragment(request, "features/filters.html", place, values)
    return rendering.page(request, "features/filters_page.html", place, values)


def _frame(place: Place, asked: Asked) -> dict[str, Any]:
    return {
        "asked": asked,
        "sorts": feature_filters.SORTS,
        "powers": feature_rows.powers(place),
        "list_path": feature_rows.list_url(place),
        "query": asked.query.urlencode(),
    }


def _found(request: HttpRequest, place: Place, asked: Asked) -> dict[str, Any]:
    """Four statements, and those of the chips."""
    assert place.project is not None
    assert place.environment is not None
    features = queries.filtered(place.project, asked.filters(place.environment)).prefetch_related("tags")
    numbers = feature_lists.numbers(place.environment, features)
    found = paged(request, features, count=numbers.found)
    query = feature_filters.list_query(request)
    return {
        "page": found,
        "rows": feature_rows.rows(place, found.rows, query),
        "numbers": numbers,
        "chips": feature_filters.chips(asked, feature_rows.list_url(place), place.project),
        "list_query": query,
        "list_url": feature_rows.list_url(place, query),
    }


TABS: dict[str, Callable[[HttpRequest, Place, Feature], HttpResponse]] = {
    feature_value.TAB: feature_value.opened,
    feature_overrides.TAB: feature_overrides.opened,
    feature_identities.TAB: feature_identities.opened,
    feature_history.TAB: feature_history.opened,
    feature_usage.TAB: feature_usage.opened,
    feature_health.TAB: feature_health.opened,
    feature_links.TAB: feature_links.opened,
    feature_settings.TAB: feature_settings.opened,
}

_LIST = "project/<int:project_id>/environment/<str:environment_key>/features"

urlpatterns = [page(_LIST, listed, "features"), page(f"{_LIST}/filters", filters, "features-filters")]
