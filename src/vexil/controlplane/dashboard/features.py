"""The features of a project as they are in one environment."""

from django.http import HttpRequest, HttpResponse

from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_environment
from vexil.controlplane.queries import features as queries


def listed(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    assert place.project is not None
    search = request.GET.get("search", "").strip()
    filters = queries.Filters(environment=place.environment, search=search, is_archived=False)
    found = paged(request, queries.filtered(place.project, filters))
    situations = queries.situations(found.rows, place.environment)
    rows = [(feature, situations.of(feature).default) for feature in found.rows]
    return rendering.page(request, "features/list.html", place, {"page": found, "rows": rows, "search": search})


urlpatterns = [page("project/<int:project_id>/environment/<str:environment_key>/features", listed, "features")]
