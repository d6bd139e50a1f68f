"""One identity: its traits, its segments, its flags with the reason, and overrides of its own."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from vexil.controlplane.actions import feature_states, identity_overrides, values
from vexil.controlplane.actions import identities as actions
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.dashboard import htmx, identity_flags, rendering, traits
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.identities import environment_of, existing, url_of
from vexil.controlplane.dashboard.identity_flags import FlagRow
from vexil.controlplane.dashboard.pages import paged_list
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Feature, MultivariateOption
from vexil.controlplane.permissions import MANAGE_IDENTITIES, UPDATE_FEATURE_STATE, VIEW_IDENTITIES
from vexil.stores.identities import Identity


class TraitForm(Form):
    key = forms.CharField(label="Trait", max_length=traits.KEY_CHARACTERS_MAX)
    type = forms.ChoiceField(choices=traits.TYPES)
    value = forms.CharField(required=False, strip=False)

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        if "type" in given and "value" in given:
            try:
                given["typed"] = traits.typed(given["type"], given["value"])
            except traits.NoSuchValue as error:
                self.add_error("value", str(error))
        return given


class OverrideForm(Form):
    enabled = forms.BooleanField(required=False)
    value = forms.CharField(
        required=False, strip=False, widget=forms.Textarea(attrs={"class": "code", "spellcheck": "false"})
    )
    variation = forms.ChoiceField(required=False, help_text="Everybody else keeps their share of it.")

    def __init__(self, *args: object, options: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if options:
            self.fields["variation"].choices = [("", "None: the value above"), *options]  # type: ignore[attr-defined]
        else:
            del self.fields["variation"]


def shown(
    request: HttpRequest, project_id: int, environment_key: str, identifier: str, identity_id: int
) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=VIEW_IDENTITIES)
    identity = existing(place, identity_id)
    if identifier != identity.identifier:
        return HttpResponseRedirect(url_of(place, identity))
    found = identity_flags.explained(environment_of(place), identity)
    values = _around(place, identity) | _flags(request, identity_flags.rows_of(found))
    if htmx.is_fragment(request):
        return rendering.fragment(request, "identities/flags.html", place, values)
    values |= {
        "segments": [segment for segment in found.segments if segment["matched"]],
        "traits": [(trait, traits.shown(trait.value), traits.type_of(trait.value)) for trait in identity.traits],
        "trait_form": TraitForm(),
    }
    return rendering.page(request, "identities/identity.html", place, values)


def toggle(
    request: HttpRequest, project_id: int, environment_key: str, identity_id: int, feature_id: int
) -> HttpResponse:
    """Switch a flag for this identity alone: an override that there is changes, or one comes to be."""
    place, identity, row = _to_override(request, project_id, environment_key, identity_id, feature_id)
    enabled = request.POST.get("enabled") == "true"
    change = Change(enabled=enabled, shares=None if row.is_own else _kept_variation(row, feature_id))
    identity_overrides.put(
        environment_of(place), _feature(place, feature_id), identity, change, by=place.by, otherwise=row.value
    )
    return _after_override(
        request, place, identity, feature_id, f"{row.name} is {'on' if enabled else 'off'} for {identity.identifier}."
    )


def override(
    request: HttpRequest, project_id: int, environment_key: str, identity_id: int, feature_id: int
) -> HttpResponse:
    place, identity, row = _to_override(request, project_id, environment_key, identity_id, feature_id)
    options = (
        [(str(option.pk), option.key or f"{option.value}") for option in _options(feature_id)]
        if row.is_multivariate
        else []
    )
    form = OverrideForm(request.POST or None, options=options, initial={"enabled": row.enabled, "value": row.shown})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        shares = (
            [Share(int(pk), 100.0 if pk == given.get("variation") else 0.0) for pk, _ in options] if options else None
        )
        columns = values.of_text(given["value"]) if given["value"] else values.of_native(None)
        change = Change(given["enabled"], columns, shares)
        identity_overrides.put(
            environment_of(place), _feature(place, feature_id), identity, change, by=place.by, otherwise=None
        )
        return rendering.done(request, url_of(place, identity), f"{row.name} is overridden for {identity.identifier}.")
    return rendering.form_page(
        request, "identities/override.html", place, form, _around(place, identity) | {"row": row}
    )


def remove_override(
    request: HttpRequest, project_id: int, environment_key: str, identity_id: int, feature_id: int
) -> HttpResponse:
    place, identity, row = _to_override(request, project_id, environment_key, identity_id, feature_id)
    identity_overrides.remove(environment_of(place), _feature(place, feature_id), identity, by=place.by)
    return _after_override(
        request, place, identity, feature_id, f"{row.name} is no longer overridden for {identity.identifier}."
    )


def set_trait(request: HttpRequest, project_id: int, environment_key: str, identity_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=MANAGE_IDENTITIES)
    identity = existing(place, identity_id)
    form = TraitForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        actions.set_traits(environment_of(place), identity, {given["key"]: given["typed"]}, by=place.by)
        return rendering.done(request, url_of(place, identity), f"Trait {given['key']} saved.")
    return rendering.form_page(request, "identities/trait.html", place, form, _around(place, identity))


def delete_trait(request: HttpRequest, project_id: int, environment_key: str, identity_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=MANAGE_IDENTITIES)
    identity = existing(place, identity_id)
    key = request.POST.get("key", "")
    actions.set_traits(environment_of(place), identity, {key: None}, by=place.by)
    return rendering.done(request, url_of(place, identity), f"Trait {key} deleted.")


def copy_overrides(request: HttpRequest, project_id: int, environment_key: str, identity_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=UPDATE_FEATURE_STATE)
    identity = existing(place, identity_id)
    source = stores.current().identities.find(environment_of(place).pk, request.POST.get("source", "").strip())
    if source is None:
        messages.error(request, "There is no identity of that name here. Nothing was changed.")
    else:
        feature_states.copy_overrides(environment_of(place), source=source, target=identity, by=place.by)
        messages.success(request, f"The overrides are now those of {source.identifier}.")
    return rendering.done(request, url_of(place, identity))


def compare(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    """Two identities side by side; only where they differ, unless all is asked for."""
    place = at_environment(request, project_id, environment_key, needs=VIEW_IDENTITIES)
    names = [request.GET.get(part, "").strip() for part in ("a", "b")]
    found = [stores.current().identities.find(environment_of(place).pk, name) if name else None for name in names]
    missing = [name for name, identity in zip(names, found, strict=True) if name and identity is None]
    pairs, is_all = [], request.GET.get("all") == "on"
    if found[0] and found[1]:
        left, right = (
            identity_flags.rows_of(identity_flags.explained(environment_of(place), one)) for one in found if one
        )
        pairs = [(one, other, _gets(one) != _gets(other)) for one, other in zip(left, right, strict=True)]
    differing = [pair for pair in pairs if pair[2]]
    values = {
        "names": names,
        "missing": missing,
        "pairs": pairs if is_all else differing,
        "is_all": is_all,
        "count": len(differing),
        "is_ready": bool(pairs) or (found[0] is not None and found[1] is not None),
    }
    return rendering.page(request, "identities/compare.html", place, values)


def _gets(row: FlagRow) -> tuple[object, ...]:
    return row.enabled, row.value, type(row.value)


def _to_override(
    request: HttpRequest, project_id: int, environment_key: str, identity_id: int, feature_id: int
) -> tuple[Place, Identity, FlagRow]:
    place = at_environment(request, project_id, environment_key, needs=UPDATE_FEATURE_STATE)
    identity = existing(place, identity_id)
    return place, identity, _row(place, identity, feature_id)


def _row(place: Place, identity: Identity, feature_id: int) -> FlagRow:
    rows = identity_flags.rows_of(identity_flags.explained(environment_of(place), identity))
    row = next((row for row in rows if row.feature_id == feature_id), None)
    if row is None:
        raise Http404("feature")
    return row


def _after_override(request: HttpRequest, place: Place, identity: Identity, feature_id: int, said: str) -> HttpResponse:
    if not htmx.is_fragment(request):
        return rendering.done(request, url_of(place, identity), said)
    messages.success(request, said)
    environment_of(place).refresh_from_db()
    values = _around(place, identity) | {"row": _row(place, identity, feature_id)}
    return rendering.fragment(request, "identities/flag_row.html", place, values)


def _kept_variation(row: FlagRow, feature_id: int) -> list[Share] | None:
    """An override of its own must not move the identity to another variation."""
    if not row.is_multivariate:
        return None
    options = _options(feature_id)
    return [Share(option.pk, 100.0 if option.key and option.key == row.variant else 0.0) for option in options]


def _feature(place: Place, feature_id: int) -> Feature:
    feature = Feature.live.filter(project=place.project, pk=feature_id).first()
    if feature is None:
        raise Http404("feature")
    return feature


def _options(feature_id: int) -> list[MultivariateOption]:
    return list(MultivariateOption.objects.filter(feature=feature_id).order_by("pk"))


def _flags(request: HttpRequest, rows: list[FlagRow]) -> dict[str, object]:
    search, only = request.GET.get("search", "").strip().lower(), request.GET.get("only", "")
    kept = [row for row in rows if search in row.name.lower() and (only in ("", row.source))]
    part = paged_list(request, kept)
    return {"page": part, "search": search, "only": only, "has_flags": bool(rows)}


def _around(place: Place, identity: Identity) -> dict[str, object]:
    return {
        "identity": identity,
        "identity_url": url_of(place, identity),
        "may_manage": place.may(MANAGE_IDENTITIES),
        "may_override": place.may(UPDATE_FEATURE_STATE),
        "url_parts": {"project_id": environment_of(place).project_id},
        "compare_url": reverse(
            "identities-compare",
            kwargs={"project_id": environment_of(place).project_id, "environment_key": environment_of(place).api_key},
        ),
    }


_IDENTITIES = "project/<int:project_id>/environment/<str:environment_key>/identities"
_ONE = f"{_IDENTITIES}/<int:identity_id>"
_FLAG = f"{_ONE}/flags/<int:feature_id>"

urlpatterns = [
    page(f"{_IDENTITIES}/compare", compare, "identities-compare"),
    page(f"{_ONE}/traits", set_trait, "identities-trait", methods="POST"),
    page(f"{_ONE}/traits/delete", delete_trait, "identities-trait-delete", methods="POST"),
    page(f"{_ONE}/copy-overrides", copy_overrides, "identities-copy-overrides", methods="POST"),
    page(f"{_FLAG}/toggle", toggle, "identities-toggle", methods="POST"),
    page(f"{_FLAG}/override", override, "identities-override", methods="GET POST"),
    page(f"{_FLAG}/remove", remove_override, "identities-override-remove", methods="POST"),
    page(f"{_IDENTITIES}/<path:identifier>/<int:identity_id>", shown, "identities-one"),
]
