"""The tab of settings: what a feature is in all environments."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import edits
from vexil.controlplane.actions.edits import ChangedMeanwhile, FeatureEdit
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.dashboard import custom_fields, feature_forms, feature_panel, feature_switches, rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature
from vexil.controlplane.queries import last_changes

TAB = "settings"


class Editor(feature_forms.Settings):
    seen = forms.CharField(widget=forms.HiddenInput)


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    return _shown(request, place, feature, _form(place, feature))


def save(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    if not place.project_rights.include(permissions.CREATE_FEATURE):
        raise PermissionDenied(permissions.CREATE_FEATURE)
    feature = feature_switches.found(place, feature_id)
    form = _form(place, feature, request.POST)
    if form.is_valid():
        try:
            form.attempt(lambda: edits.save_feature(feature, _edit(form), by=place.by))
        except ChangedMeanwhile:
            return _conflict(request, place, feature)
    if form.errors:
        return _shown(request, place, feature, form)
    said = f"Settings of {feature.name} saved, for all environments."
    away = feature_panel.saved(request, place, feature, TAB, said)
    fresh = feature_switches.found(place, feature.pk)
    return away or feature_panel.announced(opened(request, place, fresh))


def _edit(form: Editor) -> FeatureEdit:
    given, offered = form.cleaned_data, form.offered
    changes = FeatureChanges(
        fields={
            "description": given["description"] or None,
            "is_server_key_only": given["is_server_key_only"],
            "is_archived": given["is_archived"],
        },
        tags=offered.tags_of(given["tags"]),
        custom_fields=custom_fields.values(form, offered.custom),
    )
    owners, groups = offered.owners_of(given["owners"]), offered.groups_of(given["group_owners"])
    return FeatureEdit(changes, owners, groups, given["seen"])


def _conflict(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    """What was typed, beside what is there now; saving once more means it."""
    feature = feature_switches.found(place, feature.pk)
    data = request.POST.copy()
    data["seen"] = edits.seen_feature(feature)
    who, when = last_changes.of_feature(feature)
    tags = ", ".join(tag.label for tag in feature.tags.all())
    return _shown(request, place, feature, _form(place, feature, data), there={"tags": tags, "who": who, "when": when})


def _form(place: Place, feature: Feature, data: Any = None) -> Editor:
    assert place.project is not None
    offered = feature_forms.choices(place.project, feature)
    lists = (offered.tags, offered.owners, offered.groups)
    tags, owners, groups = ([row.pk for row in rows if row.is_chosen] for rows in lists)
    initial = {
        "description": feature.description or "",
        "is_server_key_only": feature.is_server_key_only,
        "is_archived": feature.is_archived,
        "seen": edits.seen_settings(feature, tags, owners, groups, offered.texts),
    }
    return Editor(data, choices=offered, initial=initial)


def _shown(request: HttpRequest, place: Place, feature: Feature, form: Editor, *, there: Any = None) -> HttpResponse:
    values = {
        "form": form,
        "there": there,
        "is_permanent": any(tag.is_permanent and tag.is_chosen for tag in form.offered.tags),
    }
    status = rendering.INVALID if form.errors or there else 200
    return feature_panel.shown(request, place, feature, TAB, values, status=status)


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [page(f"{_FEATURE}/settings", save, "features-settings", methods="POST")]
