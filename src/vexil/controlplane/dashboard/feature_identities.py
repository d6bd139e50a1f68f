"""The tab of identity overrides: who gets something else, found by name, changed one by one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from vexil.controlplane import permissions
from vexil.controlplane.actions import edits, feature_states, identity_overrides
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.edits import ChangedMeanwhile
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.dashboard import feature_panel, feature_rows, feature_switches, rendering, variations
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.pages import paged
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Feature, FeatureState, MultivariateOption
from vexil.controlplane.queries import feature_states as queries

TAB = "identity-overrides"
PAGE_SIZE = 20


class Override(Form):
    enabled = forms.BooleanField(required=False)
    variation = forms.ChoiceField(required=False)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, options: list[MultivariateOption], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options
        limit = settings.VEXIL.feature_value_characters_max
        self.add("value", forms.CharField(required=False, strip=False, max_length=limit))
        field = self.fields["variation"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Own value"), *((option.pk, _label(option)) for option in options)]

    def change(self) -> Change:
        given = self.cleaned_data
        chosen = given["variation"]
        shares = [Share(option.pk, 100 if str(option.pk) == chosen else 0) for option in self.options]
        return Change(given["enabled"], variations.columns(given["value"].replace("\r\n", "\n")), shares)


class NewOverride(Override):
    identifier = forms.CharField(max_length=2000, help_text="As programs name it; it need not have been seen yet.")


def opened(request: HttpRequest, place: Place, feature: Feature) -> HttpResponse:
    return _shown(request, place, feature, NewOverride(options=_options(feature), initial={"enabled": True}))


def add(request: HttpRequest, project_id: int, environment_key: str, feature_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.UPDATE_FEATURE_STATE)
    feature = feature_switches.found(place, feature_id)
    environment = place.environment
    assert environment is not None
    form = NewOverride(request.POST, options=_options(feature))
    if not form.is_valid():
        return _shown(request, place, feature, form)
    identifier = form.cleaned_data["identifier"]
    try:
        identity_overrides.add(environment, feature, identifier, form.change(), by=place.by)
    except feature_states.StateExists:
        form.add_error("identifier", f"{identifier} has an override of this feature already: change that one.")
        return _shown(request, place, feature, form)
    return _done(request, place, feature, f"{identifier} has its own {feature.name} now.")


def save(request: HttpRequest, project_id: int, environment_key: str, feature_id: int, state_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=permissions.UPDATE_FEATURE_STATE)
    feature = feature_switches.found(place, feature_id)
    state = _overrides(place, feature).filter(pk=state_id).first()
    if state is None:
        raise Http404("override")
    if "remove" in request.POST:
        feature_states.delete(state, by=place.by)
        return _done(request, place, feature, f"{state.identity_identifier} gets what others get again.")
    form = Override(request.POST, options=_options(feature))
    if form.is_valid():
        try:
            edits.save_state(state, form.change(), seen=form.cleaned_data["seen"], by=place.by)
        except ChangedMeanwhile:
            messages.error(request, f"Somebody changed {state.identity_identifier} meanwhile: this is what it is now.")
            return opened(request, place, feature)
    if form.errors:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return opened(request, place, feature)
    return _done(request, place, feature, f"{state.identity_identifier} saved.")


def _done(request: HttpRequest, place: Place, feature: Feature, said: str) -> HttpResponse:
    away = feature_panel.saved(request, place, feature, TAB, said)
    return away or feature_panel.announced(opened(request, place, feature))


def _shown(request: HttpRequest, place: Place, feature: Feature, form: NewOverride) -> HttpResponse:
    """One statement for the options before, and three here."""
    if not place.may(permissions.VIEW_IDENTITIES):
        return feature_panel.shown(request, place, feature, TAB, {"is_hidden": True})
    source = request.POST if request.method == "POST" else request.GET
    search = source.get("identity", "").strip()
    found = paged(request, _overrides(place, feature).filter(identity_identifier__icontains=search), PAGE_SIZE)
    values = {
        "form": form,
        "page": found,
        "rows": [_row(state) for state in found.rows],
        "search": search,
        "options": [(option.pk, _label(option)) for option in form.options],
    }
    status = rendering.INVALID if form.errors else 200
    return feature_panel.shown(request, place, feature, TAB, values, status=status)


def _row(state: FeatureState) -> dict[str, Any]:
    chosen = max(state.allocations.all(), key=lambda share: share.percentage, default=None)
    return {
        "state": state,
        "value": feature_rows.shown(state.value),
        "variation": chosen.option_id if chosen and chosen.percentage else "",
        "seen": edits.seen_default(state),
    }


def _overrides(place: Place, feature: Feature) -> "QuerySet[FeatureState]":
    assert place.environment is not None
    states = queries.complete().filter(environment=place.environment, feature=feature, identity_id__isnull=False)
    return states.order_by("identity_identifier", "pk")


def _options(feature: Feature) -> list[MultivariateOption]:
    return list(feature.multivariate_options.order_by("pk"))


def _label(option: MultivariateOption) -> str:
    return option.key or feature_rows.shown(option.value) or "empty"


_FEATURE = "project/<int:project_id>/environment/<str:environment_key>/features/<int:feature_id>"

urlpatterns: list[URLPattern] = [
    page(f"{_FEATURE}/identity-overrides", add, "features-identity-add", methods="POST"),
    page(f"{_FEATURE}/identity-overrides/<int:state_id>", save, "features-identity-save", methods="POST"),
]
