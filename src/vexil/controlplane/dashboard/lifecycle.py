"""How far the features of a project have come, stage by stage, and clearing away those that have had their day."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import cleanup_issues, many_features
from vexil.controlplane.actions.cleanup_issues import NoReferences
from vexil.controlplane.actions.external_resources import NoGithub
from vexil.controlplane.dashboard import feature_rows, rendering
from vexil.controlplane.dashboard.deletions import delete_feature
from vexil.controlplane.dashboard.feature_switches import found
from vexil.controlplane.dashboard.pages import paged, with_query
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.db.models import Environment, Feature
from vexil.controlplane.integrations.github.app import NotConfigured
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.queries import lifecycle as queries
from vexil.controlplane.queries.lifecycle import Stage


@dataclass(frozen=True, slots=True)
class Section:
    """One stage: what its page is called, what it means, and what to do with the features in it."""

    path: str
    stage: Stage
    label: str
    meaning: str
    empty: str


SECTIONS = (
    Section("new", Stage.NEW, "New", "Not found in code yet. Scans of your repositories tell.", "Nothing is new."),
    Section("live", Stage.LIVE, "Live", "Found in code, and changed not too long ago.", "No feature is in code."),
    Section(
        "permanent",
        Stage.PERMANENT,
        "Permanent",
        "Tagged to stay, so they are never called stale.",
        "Give a feature a permanent tag if it is to stay for good, such as a kill switch.",
    ),
    Section(
        "stale",
        Stage.STALE,
        "Stale",
        "Unchanged for long, and still in code: take them out of the code first.",
        "Nothing has gone stale in code.",
    ),
    Section(
        "to-monitor",
        Stage.NEEDS_MONITORING,
        "To monitor",
        "Unchanged for long and gone from code, but old versions of programs still ask for them.",
        "Nothing is left that only old programs ask for.",
    ),
    Section(
        "to-remove",
        Stage.TO_REMOVE,
        "To remove",
        "Unchanged for long, gone from code, and nobody asks for them: they can go.",
        "Nothing is left behind. That is how it should be.",
    ),
)
_BY_PATH = {section.path: section for section in SECTIONS}


@dataclass(frozen=True, slots=True)
class Row:
    feature: Feature
    url: str
    usage_url: str
    archive_url: str
    delete_url: str
    issue_url: str

    @property
    def is_permanent(self) -> bool:
        return any(tag.is_permanent for tag in self.feature.tags.all())


def first(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    return HttpResponseRedirect(_url(place, SECTIONS[0]))


def listed(request: HttpRequest, project_id: int, section: str) -> HttpResponse:
    place, asked, now = at_project(request, project_id), _section(section), datetime.now(UTC)
    assert place.project is not None
    seen = permissions.environments_seen(place.standing, place.project)
    if not seen:
        return rendering.page(request, "projects/no_environment.html", place)
    key, search = request.GET.get("environment"), request.GET.get("search", "").strip()
    environment = next((one for one in seen if one.api_key == key), seen[0])
    counts = queries.counts(environment, now=now)
    named = queries.in_stage(environment, asked.stage, now=now).filter(name__icontains=search)
    part = paged(request, named, count=None if search else counts[asked.stage])
    values = {
        "section": asked,
        "tabs": [_tab(request, place, each, counts[each.stage], is_current=each == asked) for each in SECTIONS],
        "page": part,
        "rows": [_row(place, environment, feature, asked) for feature in part.rows],
        "search": search,
        "environments": seen,
        "marks_stale": any(one.use_v2_feature_versioning for one in seen),
        "environment": environment,
        "powers": feature_rows.powers(place),
        "may_ask_for_removal": place.may(permissions.EDIT_FEATURE) and cleanup_issues.is_possible(place.project),
        "days": place.project.stale_flags_limit_days,
    }
    return rendering.page(request, "lifecycle/lifecycle.html", place, values)


def archive(request: HttpRequest, project_id: int, section: str, feature_id: int) -> HttpResponse:
    """Into the archive, or out of it."""
    place = at_project(request, project_id, needs=permissions.CREATE_FEATURE)
    feature, archived = found(place, feature_id), request.POST.get("archived") == "true"
    many_features.set_archived([feature], archived=archived, by=place.by)
    said = f"{feature.name} is {'archived' if archived else 'out of the archive'}."
    return rendering.done(request, _back(request, place, section), said)


def delete(request: HttpRequest, project_id: int, section: str, feature_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    delete_feature(request, place, found(place, feature_id))
    return rendering.done(request, _back(request, place, section))


def ask_for_removal(request: HttpRequest, project_id: int, section: str, feature_id: int) -> HttpResponse:
    """By issues at GitHub, where code names the feature."""
    place = at_project(request, project_id, needs=permissions.EDIT_FEATURE)
    feature = found(place, feature_id)
    try:
        count = cleanup_issues.create(feature, by=place.by)
    except (NoReferences, NoGithub, NotConfigured, Unreachable) as refusal:
        messages.error(request, f"No issue was opened: {refusal}")
    else:
        messages.success(request, f"{count} issue{'s' if count > 1 else ''} opened at GitHub for {feature.name}.")
    return rendering.done(request, _back(request, place, section))


def _section(path: str) -> Section:
    if path not in _BY_PATH:
        raise Http404("section")
    return _BY_PATH[path]


def _tab(
    request: HttpRequest, place: Place, section: Section, count: int, *, is_current: bool
) -> tuple[str, str, bool]:
    query = with_query(request, page=None).partition("?")[2]
    return f"{section.label} {count}", _url(place, section, query), is_current


def _row(place: Place, environment: Environment, feature: Feature, section: Section) -> Row:
    there = replace(place, environment=environment)
    parts = {"project_id": feature.project_id, "section": section.path, "feature_id": feature.pk}
    query = f"?environment={environment.api_key}"
    return Row(
        feature,
        feature_rows.panel_url(there, feature.pk),
        feature_rows.panel_url(there, feature.pk, "usage"),
        reverse("lifecycle-archive", kwargs=parts) + query,
        reverse("lifecycle-delete", kwargs=parts) + query,
        reverse("lifecycle-issue", kwargs=parts) + query,
    )


def _back(request: HttpRequest, place: Place, section: str) -> str:
    return _url(place, _section(section), request.GET.urlencode())


def _url(place: Place, section: Section, query: str = "") -> str:
    assert place.project is not None
    url = reverse("lifecycle-section", kwargs={"project_id": place.project.pk, "section": section.path})
    return f"{url}?{query}" if query else url


_LIFECYCLE = "project/<int:project_id>/lifecycle"
_FEATURE = f"{_LIFECYCLE}/<str:section>/features/<int:feature_id>"

urlpatterns = [
    page(_LIFECYCLE, first, "lifecycle"),
    page(f"{_LIFECYCLE}/<str:section>", listed, "lifecycle-section"),
    page(f"{_FEATURE}/archive", archive, "lifecycle-archive", methods="POST"),
    page(f"{_FEATURE}/issue", ask_for_removal, "lifecycle-issue", methods="POST"),
    page(f"{_FEATURE}/delete", delete, "lifecycle-delete", methods="POST"),
]
