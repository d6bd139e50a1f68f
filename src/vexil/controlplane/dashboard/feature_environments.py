"""One feature in all environments of its project, side by side."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_updates
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, Update
from vexil.controlplane.dashboard import feature_rows, feature_switches, htmx, rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import Environment, Feature
from vexil.controlplane.queries import feature_lists
from vexil.controlplane.queries.features import NOWHERE, Situation


@dataclass(frozen=True, slots=True)
class Row:
    environment: Environment
    situation: Situation
    value: str
    may_switch: bool
    is_by_request: bool
    url: str


def shown(request: HttpRequest, project_id: int, feature_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    assert place.project is not None
    feature = feature_switches.found(place, feature_id)
    environments = permissions.environments_seen(place.standing, place.project)
    values = {"feature": feature, "rows": _rows(place, feature, environments)}
    return rendering.page(request, "features/environments.html", place, values)


def switch(request: HttpRequest, project_id: int, feature_id: int, environment_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    assert place.project is not None
    feature = feature_switches.found(place, feature_id)
    seen = {each.pk: each for each in permissions.environments_seen(place.standing, place.project)}
    environment = seen.get(environment_id)
    if environment is None:
        raise Http404("environment")
    if not place.standing.at_environment(environment).include(permissions.UPDATE_FEATURE_STATE):
        raise PermissionDenied(permissions.UPDATE_FEATURE_STATE)
    enabled = request.POST.get("enabled") == "true"
    try:
        feature_updates.merge(environment, feature, Update(default=Change(enabled=enabled)), by=place.by)
        messages.success(request, f"{feature.name} is {'on' if enabled else 'off'} in {environment.name}.")
    except ChangeRequestsEnabled:
        messages.error(request, feature_switches.BY_REQUEST)
    if not htmx.is_fragment(request):
        return rendering.done(request, f"/project/{project_id}/flag/{feature_id}/environments")
    [row] = _rows(place, feature, [environment])
    return rendering.fragment(request, "features/environment_row.html", place, {"feature": feature, "row": row})


def _rows(place: Place, feature: Feature, environments: list[Environment]) -> list[Row]:
    """One statement."""
    found = feature_lists.in_environments(feature, environments)
    return [_row(place, feature, environment, found.get(environment.pk, NOWHERE)) for environment in environments]


def _row(place: Place, feature: Feature, environment: Environment, situation: Situation) -> Row:
    by_request = environment.minimum_change_request_approvals is not None
    rights = place.standing.at_environment(environment)
    there = Place(place.by, place.organisation, place.standing, place.project, environment, rights)
    return Row(
        environment,
        situation,
        feature_rows.shown(situation.default.value) if situation.default else "",
        rights.include(permissions.UPDATE_FEATURE_STATE) and not by_request,
        by_request,
        feature_rows.panel_url(there, feature.pk),
    )


_FEATURE = "project/<int:project_id>/flag/<int:feature_id>/environments"

urlpatterns: list[URLPattern] = [
    page(_FEATURE, shown, "features-environments"),
    page(f"{_FEATURE}/<int:environment_id>", switch, "features-environments-enabled", methods="POST"),
]
