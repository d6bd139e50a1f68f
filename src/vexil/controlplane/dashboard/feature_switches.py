"""Changes from the feature list: one feature switched or deleted, or many changed at once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_updates, many_features
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, Update
from vexil.controlplane.dashboard import feature_rows, htmx, rendering
from vexil.controlplane.dashboard.deletions import delete_feature
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature, Tag

BY_REQUEST = "Flags of this environment change by change requests only, so nothing was changed."


def switch(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.UPDATE_FEATURE_STATE)
    assert place.environment is not None
    feature, enabled = found(place, feature_id), request.POST.get("enabled") == "true"
    try:
        feature_updates.merge(place.environment, feature, Update(default=Change(enabled=enabled)), by=place.by)
        said = f"{feature.name} is {'on' if enabled else 'off'} in {place.environment.name}."
        messages.success(request, said)
    except ChangeRequestsEnabled:
        messages.error(request, BY_REQUEST)
    query = request.POST.get("query", "")
    if not htmx.is_fragment(request):
        return rendering.done(request, feature_rows.list_url(place, query))
    [row] = feature_rows.rows(place, [feature], query)
    values = {"row": row, "powers": feature_rows.powers(place), "list_query": query}
    return rendering.fragment(request, "features/row.html", place, values)


def delete(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    delete_feature(request, place, found(place, feature_id))
    return rendering.done(request, feature_rows.list_url(place, request.POST.get("query", "")))


def change_many(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    doing = request.POST.get("do", "")
    if doing not in _DOING:
        raise Http404("action")
    right, act = _DOING[doing]
    _need(place, right)
    chosen = _chosen(place, request)
    back = feature_rows.list_url(place, request.POST.get("query", ""))
    if not chosen:
        messages.error(request, "Choose features first: tick the boxes beside their names.")
        return rendering.done(request, back)
    return act(request, place, chosen) or rendering.done(request, back)


def found(place: Place, feature_id: int) -> Feature:
    """A feature of the project."""
    feature = Feature.live.filter(project=place.project, pk=feature_id).select_related("project").first()
    if feature is None:
        raise Http404("feature")
    return feature


def _chosen(place: Place, request: HttpRequest) -> list[Feature]:
    ids = [int(text) for text in request.POST.getlist("feature") if text.isascii() and text.isdigit()]
    features = Feature.live.filter(project=place.project, pk__in=ids[:200]).select_related("project")
    return list(features.prefetch_related("tags").order_by("name"))


def _need(place: Place, right: str) -> None:
    at_environment = right == permissions.UPDATE_FEATURE_STATE
    if not (place.rights if at_environment else place.project_rights).include(right):
        raise PermissionDenied(right)


def _switch_many(request: HttpRequest, place: Place, chosen: list[Feature]) -> None:
    assert place.environment is not None
    enabled = request.POST["do"] == "enable"
    try:
        changed = many_features.switch(place.environment, chosen, enabled=enabled, by=place.by)
    except ChangeRequestsEnabled:
        messages.error(request, BY_REQUEST)
        return
    already = f" {len(chosen) - changed} were so already." if changed < len(chosen) else ""
    side = "on" if enabled else "off"
    messages.success(request, f"{_features(changed)} switched {side} in {place.environment.name}.{already}")


def _archive_many(request: HttpRequest, place: Place, chosen: list[Feature]) -> None:
    archived = request.POST["do"] == "archive"
    many_features.set_archived(chosen, archived=archived, by=place.by)
    messages.success(request, f"{_features(len(chosen))} {'archived' if archived else 'back from the archive'}.")


def _tag_many(request: HttpRequest, place: Place, chosen: list[Feature]) -> HttpResponse | None:
    """Asks with which tags first."""
    ids = [int(text) for text in request.POST.getlist("tag") if text.isascii() and text.isdigit()]
    choice = Tag.objects.filter(project=place.project, is_system_tag=False).order_by("label", "pk")
    tags = list(choice.filter(pk__in=ids))
    if not tags:
        return _asked(request, place, "features/tag_many.html", {"chosen": chosen, "tags": list(choice[:200])})
    many_features.add_tags(chosen, tags, by=place.by)
    messages.success(request, f"{_features(len(chosen))} tagged {', '.join(tag.label for tag in tags)}.")
    return None


def _delete_many(request: HttpRequest, place: Place, chosen: list[Feature]) -> HttpResponse | None:
    """Asks for the project's name first, and shows what would go; features with permanent tags stay."""
    assert place.project is not None
    going = [feature for feature in chosen if not any(tag.is_permanent for tag in feature.tags.all())]
    staying = [feature for feature in chosen if feature not in going]
    typed = request.POST.get("confirm_name")
    if typed != place.project.name or not going:
        values = {"chosen": going, "staying": staying, "is_wrong": typed is not None}
        return _asked(request, place, "features/delete_many.html", values)
    many_features.delete(going, by=place.by)
    messages.success(request, f"{_features(len(going))} deleted from all environments.")
    return None


def _asked(request: HttpRequest, place: Place, template: str, values: dict[str, Any]) -> HttpResponse:
    query = request.POST.get("query", "")
    around = {"list_query": query, "list_url": feature_rows.list_url(place, query)}
    return rendering.page(request, template, place, {**around, **values})


def _features(number: int) -> str:
    return f"{number} feature{'' if number == 1 else 's'}"


_DOING: dict[str, tuple[str, Callable[[HttpRequest, Place, list[Feature]], HttpResponse | None]]] = {
    "enable": (permissions.UPDATE_FEATURE_STATE, _switch_many),
    "disable": (permissions.UPDATE_FEATURE_STATE, _switch_many),
    "archive": (permissions.CREATE_FEATURE, _archive_many),
    "unarchive": (permissions.CREATE_FEATURE, _archive_many),
    "tag": (permissions.CREATE_FEATURE, _tag_many),
    "delete": (permissions.DELETE_FEATURE, _delete_many),
}

_LIST = "project/<int:project_id>/environment/<str:environment_key>/features"

urlpatterns: list[URLPattern] = [
    page(f"{_LIST}/many", change_many, "features-many", methods="POST"),
    page(f"{_LIST}/<int:feature_id>/enabled", switch, "features-enabled", methods="POST"),
    page(f"{_LIST}/<int:feature_id>/delete", delete, "features-delete", methods="POST"),
]
