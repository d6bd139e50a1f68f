"""Two environments side by side: what differs, and what of it to copy from one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import environment_copies
from vexil.controlplane.actions.edits import ChangedMeanwhile
from vexil.controlplane.actions.environment_copies import Copy
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.dashboard import feature_switches, rendering, state_comparison
from vexil.controlplane.dashboard.override_rows import number
from vexil.controlplane.dashboard.pages import paged_list
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_project
from vexil.controlplane.dashboard.state_comparison import Part
from vexil.controlplane.db.models import Environment, Feature
from vexil.controlplane.queries import environment_states


@dataclass(frozen=True, slots=True)
class Row:
    """One feature in both environments."""

    feature: Feature
    parts: tuple[Part, ...]
    seen: str

    @property
    def default(self) -> Part | None:
        return next((part for part in self.parts if part.segment_id is None), None)

    @property
    def default_differs(self) -> bool:
        return any(part.differs for part in self.parts if part.segment_id is None)

    @property
    def overrides_differ(self) -> int:
        return sum(part.differs for part in self.parts if part.segment_id is not None)

    @property
    def differs(self) -> bool:
        return self.default_differs or bool(self.overrides_differ)


_ROWS = 20
"""On a page; each has the details of both sides."""


@dataclass(frozen=True, slots=True)
class _Sides:
    left: Environment
    right: Environment


def compared(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    environments = _environments(place)
    sides = _sides(environments, request.GET)
    search, shows_all = request.GET.get("search", "").strip(), request.GET.get("show") == "all"
    ids, differing = _differing(place, sides, search)
    found = paged_list(request, ids if shows_all else differing, _ROWS)
    values = {
        "environments": environments,
        "sides": sides,
        "search": search,
        "shows_all": shows_all,
        "page": found,
        "rows": _compared(_by_ids(place, found.rows), sides.left, sides.right) if sides else [],
        "count": len(ids),
        "differing": len(differing),
        "may_copy": {
            "right": sides is not None and _may_change(place, sides.right),
            "left": sides is not None and _may_change(place, sides.left),
        },
    }
    return rendering.page(request, "features/compare.html", place, values)


def preview(request: HttpRequest, project_id: int) -> HttpResponse:
    """What copying would change in the target, before it does."""
    place, source, target = _direction(request, project_id)
    rows = [row for row in _chosen(request, place, source, target) if row.differs]
    back = f"{reverse('compare', kwargs={'project_id': project_id})}?{request.POST.get('query', '')}"
    if not rows:
        messages.error(request, "Choose features that differ first: tick the boxes beside their names.")
        return rendering.done(request, back)
    values = {"rows": rows, "source": source, "target": target, "back": back, "query": request.POST.get("query", "")}
    return rendering.page(request, "features/copy_preview.html", place, values)


def copy(request: HttpRequest, project_id: int) -> HttpResponse:
    place, source, target = _direction(request, project_id)
    features = {feature.pk: feature for feature in _features(place, request.POST.getlist("feature"))}
    copies = [
        Copy(
            feature,
            f"default-{pk}" in request.POST,
            f"overrides-{pk}" in request.POST,
            request.POST.get(f"seen-{pk}", ""),
        )
        for pk, feature in features.items()
        if {f"default-{pk}", f"overrides-{pk}"} & set(request.POST)
    ]
    back = f"{reverse('compare', kwargs={'project_id': project_id})}?{request.POST.get('query', '')}"
    try:
        environment_copies.copy(source, target, copies, by=place.by)
        said = f"{len(copies)} feature{'' if len(copies) == 1 else 's'} copied to {target.name}."
        messages.success(request, said)
    except ChangedMeanwhile:
        messages.error(request, "Somebody changed one of these meanwhile, so nothing was copied. Look at them again.")
    except ChangeRequestsEnabled:
        messages.error(request, feature_switches.BY_REQUEST)
    except Refused as refusal:
        messages.error(request, f"Nothing was copied: {refusal.message}")
    return rendering.done(request, back)


def _direction(request: HttpRequest, project_id: int) -> tuple[Place, Environment, Environment]:
    """Where from and where to; the person must be allowed to change flags and overrides there."""
    place = at_project(request, project_id)
    seen = {each.pk: each for each in _environments(place)}
    target = seen.get(number(request.POST.get("target", "")))
    sides = [seen.get(number(text)) for text in request.POST.getlist("sides")]
    source = next((each for each in sides if each is not None and each != target), None)
    if source is None or target is None:
        raise Http404("environment")
    if not _may_change(place, target):
        raise PermissionDenied(permissions.UPDATE_FEATURE_STATE)
    return place, source, target


def _may_change(place: Place, environment: Environment) -> bool:
    rights = place.standing.at_environment(environment)
    needed = (permissions.UPDATE_FEATURE_STATE, permissions.MANAGE_SEGMENT_OVERRIDES)
    return all(rights.include(key) for key in needed)


def _environments(place: Place) -> list[Environment]:
    assert place.project is not None
    return permissions.environments_seen(place.standing, place.project)


def _sides(environments: Sequence[Environment], query: Any) -> _Sides | None:
    """The environments of the address, or the first two; both ids and keys are understood."""
    if len(environments) < 2:
        return None
    by_name = {name: each for each in environments for name in (str(each.pk), each.api_key)}
    left = by_name.get(query.get("left", ""), environments[0])
    others = [each for each in environments if each != left]
    right = by_name.get(query.get("right", ""), others[0])
    return _Sides(left, right if right != left else others[0])


def _differing(place: Place, sides: _Sides | None, search: str) -> tuple[list[int], list[int]]:
    if sides is None or place.project is None:
        return [], []
    return environment_states.differing(place.project.pk, sides.left, sides.right, search)


def _chosen(request: HttpRequest, place: Place, source: Environment, target: Environment) -> list[Row]:
    """Read from left to right: what is in the target now, and what would be."""
    return _compared(_features(place, request.POST.getlist("feature")), source, target)


def _features(place: Place, texts: Sequence[str]) -> list[Feature]:
    return _by_ids(place, [number(text) for text in texts])


def _by_ids(place: Place, ids: Sequence[int]) -> list[Feature]:
    return list(Feature.live.filter(project=place.project, pk__in=ids).select_related("project").order_by("name"))


def _compared(features: Sequence[Feature], left: Environment, right: Environment) -> list[Row]:
    found = environment_states.of(features, [left, right])
    return [
        _row(feature, found[left.pk].get(feature.pk, []), found[right.pk].get(feature.pk, [])) for feature in features
    ]


def _row(feature: Feature, left: Any, right: Any) -> Row:
    labels = state_comparison.labels_of([*left, *right])
    parts = tuple(state_comparison.parts(left, right, labels))
    return Row(feature, parts, environment_copies.seen_sides(left, right))


_COMPARE = "project/<int:project_id>/compare"

urlpatterns: list[URLPattern] = [
    page(_COMPARE, compared, "compare"),
    page(f"{_COMPARE}/preview", preview, "compare-preview", methods="POST"),
    page(f"{_COMPARE}/copy", copy, "compare-copy", methods="POST"),
]
