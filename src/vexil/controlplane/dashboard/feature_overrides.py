"""The tab of segment overrides: all of a feature in one environment, saved together, strongest first."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import edits
from vexil.controlplane.actions.edits import ChangedMeanwhile
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled
from vexil.controlplane.dashboard import feature_panel, feature_switches, override_rows, rendering
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.override_rows import OverrideRow
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature, FeatureSegment, FeatureState, MultivariateOption, Segment
from vexil.controlplane.queries import feature_states

TAB = "segment-overrides"


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    states, options = _states(place, feature), _options(feature)
    rows = [override_rows.of_state(number, state, options) for number, state in enumerate(states)]
    return _shown(request, place, feature, rows, seen=edits.seen_overrides(states))


def save(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.MANAGE_SEGMENT_OVERRIDES)
    feature = feature_switches.found(place, feature_id)
    known = {segment.pk: segment for segment in _usable(place, feature)}
    rows = override_rows.typed(request.POST, known, _options(feature))
    seen = request.POST.get("seen", "")
    if "save" not in request.POST:
        rows = _rearranged(request, rows, known, _options(feature), _states(place, feature))
        return _shown(request, place, feature, rows, seen=seen)
    form = Form(request.POST)
    if any(row.problem for row in rows):
        form.add_error(None, "Some overrides cannot be saved as they are: see beside them.")
    if form.is_valid():
        try:
            _save(place, feature, form, rows)
        except ChangedMeanwhile:
            states = _states(place, feature)
            return _shown(request, place, feature, rows, seen=edits.seen_overrides(states), there=states)
        except ChangeRequestsEnabled:
            form.add_error(None, feature_switches.BY_REQUEST)
    if form.errors:
        return _shown(request, place, feature, rows, seen=seen, form=form)
    assert place.environment is not None
    said = f"Segment overrides of {feature.name} saved in {place.environment.name}."
    away = feature_panel.saved(request, place, feature, TAB, said)
    return away or feature_panel.announced(opened(request, place, feature))


def _save(place: Place, feature: Feature, form: Form, rows: list[OverrideRow]) -> None:
    assert place.environment is not None
    environment, seen = place.environment, form.data.get("seen", "")
    wanted = [override_rows.update_of(row) for row in rows]
    form.attempt(lambda: edits.save_overrides(environment, feature, wanted, seen=seen, by=place.by))


def _rearranged(
    request: HttpRequest,
    rows: list[OverrideRow],
    known: dict[int, Segment],
    options: list[MultivariateOption],
    states: list[FeatureState],
) -> list[OverrideRow]:
    """What buttons do without saving: add a row, take one out, move one."""
    if "add" in request.POST:
        segment = known.get(override_rows.number(request.POST.get("segment", "")))
        if segment is None or any(row.segment == segment for row in rows):
            return rows
        before = next((state for state in states if override_rows.segment_of(state) == segment), None)
        return override_rows.with_new(rows, segment, options, before)
    for name, step in (("up", -1), ("down", 1)):
        if name in request.POST:
            rows = override_rows.moved(rows, override_rows.number(request.POST[name]), step)
    gone = override_rows.number(request.POST.get("gone", ""))
    return [row for row in rows if row.segment.pk != gone]


def _shown(
    request: HttpRequest,
    place: Place,
    feature: Feature,
    rows: list[OverrideRow],
    *,
    seen: str,
    **more: Any,
) -> HttpResponse:
    assert place.environment is not None
    assert place.project is not None
    taken = {row.segment.pk for row in rows}
    there = more.get("there")
    form = more.get("form")
    values = {
        "rows": rows,
        "seen": seen,
        "there": there and [(override_rows.segment_of(state), state) for state in there],
        "was_emptied": there == [],
        "form": form,
        "segments": [segment for segment in _usable(place, feature) if segment.pk not in taken],
        "count": FeatureSegment.current.filter(environment=place.environment, feature__deleted_at=None).count(),
        "limit": place.project.max_segment_overrides_allowed,
        "is_edited": request.method == "POST" and "save" not in request.POST,
        "may_make_segment": place.project_rights.include(permissions.MANAGE_SEGMENTS),
    }
    status = rendering.INVALID if there is not None or (form and form.errors) else 200
    return feature_panel.shown(request, place, feature, TAB, values, status=status)


def _states(place: Place, feature: Feature) -> list[FeatureState]:
    assert place.environment is not None
    return feature_states.overrides(place.environment, feature)


def _options(feature: Feature) -> list[MultivariateOption]:
    return list(feature.multivariate_options.order_by("pk"))


def _usable(place: Place, feature: Feature) -> list[Segment]:
    """Segments that may override the feature: those for all, and its own."""
    assert place.project is not None
    found = Segment.live.filter(Q(feature=None) | Q(feature=feature), project=place.project)
    return list(found.only("name", "feature_id").order_by("name", "pk"))


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/segment-overrides", save, "features-segment-overrides", methods="POST")
]
