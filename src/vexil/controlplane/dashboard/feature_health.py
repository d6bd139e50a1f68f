"""The tab of health: what outside services tell of the feature; and, in a project's settings, who may tell."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_health as actions
from vexil.controlplane.actions.feature_health import ProviderExists
from vexil.controlplane.dashboard import feature_panel, feature_switches, rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment, at_project
from vexil.controlplane.db.models import Feature, HealthEvent, HealthProvider, HealthProviderName, HealthStatus, Project
from vexil.controlplane.queries import feature_health as queries

TAB = "health"


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    """One statement."""
    found = [_shown(event) for event in queries.of_feature(feature) if event.environment_id in {None, _here(place)}]
    values = {"health": found, "may_dismiss": _may_dismiss(place)}
    return feature_panel.shown(request, place, feature, TAB, values)


def dismiss(
    request: HttpRequest, project_id: int, environment_key: str, feature_id: int, event_id: int
) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    if not _may_dismiss(place):
        raise PermissionDenied(permissions.EDIT_FEATURE)
    feature = feature_switches.found(place, feature_id)
    event = queries.current(HealthEvent.objects.filter(feature=feature), event_id)
    if event is None:
        raise Http404("health event")
    actions.dismiss(event, by=place.by, now=datetime.now(UTC))
    response = feature_panel.saved(request, place, feature, TAB, "Dismissed.") or opened(request, place, feature)
    return feature_panel.announced(response)


def add_provider(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    assert place.project
    name = request.POST.get("name", "")
    if name not in HealthProviderName.values:
        raise Http404("health provider")
    try:
        actions.add_provider(place.project, name, by=place.by)
    except ProviderExists as refusal:
        return rendering.done(request, _settings(project_id), refusal.message)
    return rendering.done(request, _settings(project_id), f"{name} may tell of the health of features now.")


def remove_provider(request: HttpRequest, project_id: int, provider_name: str) -> HttpResponse:
    place = at_project(request, project_id, needs_admin=True)
    provider = (
        HealthProvider.objects.filter(project=place.project, name=provider_name).select_related("project").first()
    )
    if provider is None:
        raise Http404("health provider")
    actions.remove_provider(provider, by=place.by)
    return rendering.done(request, _settings(project_id), f"{provider_name} is refused from now on.")


def providers(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the settings of a project show. One statement."""
    found = list(HealthProvider.objects.filter(project=project).order_by("name"))
    urls = [(one, request.build_absolute_uri(f"/api/v1/{queries.path_of(one)}")) for one in found]
    missing = [name for name in HealthProviderName.values if name not in {one.name for one in found}]
    return {"health_providers": urls, "missing_health_providers": missing}


def _shown(event: HealthEvent) -> dict[str, Any]:
    reason = event.reason if isinstance(event.reason, dict) else {}
    # Whoever sends this is not one of us: a link may lead to the web, and nowhere else.
    links = [
        block for block in reason.get("url_blocks", []) if block["url"].lower().startswith(("https://", "http://"))
    ]
    return {
        "event": event,
        "is_unhealthy": event.type == HealthStatus.UNHEALTHY,
        "texts": reason.get("text_blocks", []),
        "links": links,
    }


def _here(place: Place) -> int:
    assert place.environment
    return place.environment.pk


def _may_dismiss(place: Place) -> bool:
    return place.project_rights.include(permissions.EDIT_FEATURE)


def _settings(project_id: int) -> str:
    return reverse("project-settings", kwargs={"project_id": project_id})


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"
_PROVIDERS = "project/<int:project_id>/settings/health-providers"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/health/<int:event_id>/dismiss", dismiss, "features-health-dismiss", methods="POST"),
    page(f"{_PROVIDERS}/add", add_provider, "project-settings-health-add", methods="POST"),
    page(f"{_PROVIDERS}/<str:provider_name>/remove", remove_provider, "project-settings-health-remove", methods="POST"),
]
