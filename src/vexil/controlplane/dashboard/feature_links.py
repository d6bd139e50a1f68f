"""The tab of links: issues and pull requests that are about the feature."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import external_resources as actions
from vexil.controlplane.actions.external_resources import NoGithub, UnfitUrl
from vexil.controlplane.dashboard import feature_panel, feature_switches, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import ExternalResource, Feature
from vexil.controlplane.queries import external_resources as queries

TAB = "links"

_TYPES = (
    ("GITHUB_ISSUE", "GitHub issue"),
    ("GITHUB_PR", "GitHub pull request"),
    ("GITLAB_ISSUE", "GitLab issue"),
    ("GITLAB_MR", "GitLab merge request"),
)


class NewLink(Form):
    type = forms.ChoiceField(label="What it is", choices=_TYPES)
    url = forms.URLField(label="Address", max_length=200, assume_scheme="https")


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    return _shown(request, place, feature, NewLink())


def add(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place, feature = _found(request, project_id, environment_key, feature_id)
    form = NewLink(request.POST)
    if not form.is_valid():
        return _shown(request, place, feature, form)
    try:
        form.attempt(lambda: actions.link(feature, by=place.by, **form.cleaned_data))
    except UnfitUrl as wrong:
        form.add_error(
            "url", f"{wrong}. It ends in /issues/12 or /pull/12 (GitLab: /-/issues/12, /-/merge_requests/12)."
        )
    except NoGithub:
        form.add_error("url", "Set up GitHub for this repository in the integrations first.")
    if form.errors:
        return _shown(request, place, feature, form)
    return feature_panel.saved(request, place, feature, TAB, "Linked.") or opened(request, place, feature)


def remove(request: HttpRequest, project_id: int, environment_key: str, feature_id: int, link_id: int) -> HttpResponse:
    place, feature = _found(request, project_id, environment_key, feature_id)
    link = ExternalResource.objects.select_related("feature__project").filter(feature=feature, pk=link_id).first()
    if link is None:
        raise Http404("link")
    actions.unlink(link, by=place.by)
    return feature_panel.saved(request, place, feature, TAB, "Link removed.") or opened(request, place, feature)


def _shown(request: HttpRequest, place: Place, feature: Feature, form: NewLink) -> HttpResponse:
    labels = dict(_TYPES)
    links = [(link, labels.get(link.type, link.type), _title(link)) for link in queries.of_feature(feature)]
    values: dict[str, Any] = {"links": links, "form": form, "may_link": _may_link(place)}
    return feature_panel.shown(request, place, feature, TAB, values, status=rendering.INVALID if form.errors else 200)


def _title(link: ExternalResource) -> str:
    metadata = link.metadata if isinstance(link.metadata, dict) else {}
    return str(metadata.get("title") or link.url)


def _found(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> tuple[Place, Feature]:
    place = at_environment(request, project_id, environment_key)
    if not _may_link(place):
        raise PermissionDenied(permissions.EDIT_FEATURE)
    return place, feature_switches.found(place, feature_id)


def _may_link(place: Place) -> bool:
    return place.project_rights.include(permissions.EDIT_FEATURE)


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/links", add, "features-links-add", methods="POST"),
    page(f"{_FEATURE}/links/<int:link_id>/remove", remove, "features-links-remove", methods="POST"),
]
