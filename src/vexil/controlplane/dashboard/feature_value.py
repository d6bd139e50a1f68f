"""The first tab of a feature: whether it is on, its value and its variations in one environment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import edits
from vexil.controlplane.actions.edits import ChangedMeanwhile, DefaultEdit, VariationEdit
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled
from vexil.controlplane.dashboard import (
    feature_panel,
    feature_rows,
    feature_switches,
    rendering,
    value_formats,
    variations,
)
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.dashboard.value_changes import Change, changes_of
from vexil.controlplane.dashboard.variations import Variation
from vexil.controlplane.db.models import Feature, FeatureState, MultivariateOption
from vexil.controlplane.queries import feature_states, last_changes

TAB = "value"


class Editor(Form):
    enabled = forms.BooleanField(required=False)
    value_format = forms.ChoiceField(choices=value_formats.FORMATS, required=False)
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = settings.VEXIL.feature_value_characters_max
        self.add("value", forms.CharField(required=False, strip=False, max_length=limit, widget=forms.Textarea))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["value"] = given.get("value", "").replace("\r\n", "\n")  # as browsers send what people typed
        wrong = value_formats.problem(given["value"], self.data.get("value_format", ""))
        if wrong:
            self.add_error("value", wrong)
        return given


@dataclass(frozen=True, slots=True)
class _Present:
    """What is there now."""

    state: FeatureState | None
    options: list[MultivariateOption]

    @property
    def value(self) -> str:
        return feature_rows.shown(self.state.value) if self.state else ""

    @property
    def rows(self) -> list[Variation]:
        return variations.of_state(self.options, self.state)

    def changes(self, enabled: bool, value: str, rows: list[Variation]) -> list[Change]:
        return changes_of(bool(self.state and self.state.enabled), self.value, self.rows, enabled, value, rows)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What somebody has filled in, and what was found there instead of what they had seen."""

    form: Editor
    rows: list[Variation]
    there: Any = None


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    return _shown(request, place, feature, _present(place, feature))


def save(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.UPDATE_FEATURE_STATE)
    feature = feature_switches.found(place, feature_id)
    present, form, rows = _present(place, feature), Editor(request.POST), variations.typed(request.POST)
    if "another" in request.POST or "without" in request.POST:
        rows = variations.with_another(rows) if "another" in request.POST else rows
        form.errors.clear()
        return _shown(request, place, feature, present, _Typed(form, rows))
    if wrong := variations.problem(rows):
        form.add_error(None, wrong)
    if not form.is_valid():
        return _shown(request, place, feature, present, _Typed(form, rows))
    return _attempted(request, place, feature, form, rows)


def summarise(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    """What saving would change, told while it is being typed."""
    place = at_environment(request, project_id, environment_key)
    present, rows = _present(place, feature_switches.found(place, feature_id)), variations.typed(request.POST)
    value = request.POST.get("value", "").replace("\r\n", "\n")
    changes = present.changes("enabled" in request.POST, value, rows)
    return rendering.fragment(request, "features/changes.html", place, {"changes": changes})


def _attempted(
    request: HttpRequest, place: Place, feature: Feature, form: Editor, rows: list[Variation]
) -> HttpResponse:
    present = _present(place, feature)
    given = form.cleaned_data
    changes = present.changes(given["enabled"], given["value"], rows)
    try:
        _save(place, feature, form, rows, present)
    except ChangedMeanwhile:
        return _conflict(request, place, feature, rows)
    except ChangeRequestsEnabled:
        form.add_error(None, feature_switches.BY_REQUEST)
    if form.errors:
        return _shown(request, place, feature, present, _Typed(form, rows))
    assert place.environment is not None
    said = f"{feature.name} saved in {place.environment.name}." if changes else "Nothing to save: nothing was changed."
    away = feature_panel.saved(request, place, feature, TAB, said)
    fresh = feature_switches.found(place, feature.pk)
    return away or feature_panel.announced(opened(request, place, fresh))


def _save(place: Place, feature: Feature, form: Editor, rows: list[Variation], present: _Present) -> None:
    assert place.environment is not None
    given, environment = form.cleaned_data, place.environment
    changes_options = variations.differ(rows, present.options)
    if changes_options and not place.project_rights.is_admin:
        form.add_error(None, "Only the project's administrators change which variations there are.")
        return
    wanted = zip(variations.options(rows, present.options), rows, strict=True)
    edit = DefaultEdit(
        enabled=given["enabled"],
        value=variations.columns(given["value"]),
        variations=[VariationEdit(option, row.percentage) for option, row in wanted],
        changes_options=changes_options,
        seen=given["seen"],
    )
    form.attempt(lambda: edits.save_default(environment, feature, edit, by=place.by))


def _conflict(request: HttpRequest, place: Place, feature: Feature, rows: list[Variation]) -> HttpResponse:
    """What is there now beside what was typed; saving once more means it."""
    assert place.environment is not None
    present = _present(place, feature)
    data = request.POST.copy()
    data["seen"] = edits.seen_default(present.state)
    again = Editor(data)
    who, when = last_changes.of_default(place.environment, feature, present.state)
    there: dict[str, str | bool | datetime | list[Variation] | None] = {
        "enabled": bool(present.state and present.state.enabled),
        "value": present.value,
        "rows": present.rows,
        "who": who,
        "when": when,
    }
    return _shown(request, place, feature, present, _Typed(again, rows, there))


def _shown(
    request: HttpRequest, place: Place, feature: Feature, present: _Present, typed: _Typed | None = None
) -> HttpResponse:
    typed = typed or _Typed(_blank(present), present.rows)
    form, rows = typed.form, typed.rows
    changes = _changes(form, present, rows) if form.is_bound else []
    values = {"form": form, "rows": rows, "bar": variations.bar(rows), "there": typed.there, "changes": changes}
    status = rendering.INVALID if form.errors or typed.there else 200
    return feature_panel.shown(request, place, feature, TAB, values, status=status)


def _blank(present: _Present) -> Editor:
    state, value = present.state, present.value
    return Editor(
        initial={
            "enabled": bool(state and state.enabled),
            "value": value,
            "value_format": value_formats.guess(value),
            "seen": edits.seen_default(state),
        }
    )


def _changes(form: Editor, present: _Present, rows: list[Variation]) -> list[Change]:
    return present.changes("enabled" in form.data, form.data.get("value", "").replace("\r\n", "\n"), rows)


def _present(place: Place, feature: Feature) -> _Present:
    """Three statements."""
    assert place.environment is not None
    state = feature_states.default(place.environment, feature)
    return _Present(state, list(feature.multivariate_options.order_by("pk")))


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/value", save, "features-value", methods="POST"),
    page(f"{_FEATURE}/value/changes", summarise, "features-value-changes", methods="POST"),
]
