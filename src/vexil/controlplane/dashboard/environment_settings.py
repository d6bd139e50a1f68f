"""An environment's settings, a new environment, and its end."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.actions import environment_clones, versioning
from vexil.controlplane.actions import environments as actions
from vexil.controlplane.actions.versioning import AlreadyThere
from vexil.controlplane.dashboard import custom_fields, rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment, at_project
from vexil.controlplane.db.models import Environment
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.queries import custom_fields as queries
from vexil.controlplane.queries.custom_fields import CustomField

_HIDE = (("", "As the project says"), ("true", "Leave disabled flags out"), ("false", "Show disabled flags"))


class EnvironmentSettings(Form):
    name = forms.CharField(max_length=2000)
    description = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea)
    banner_text = forms.CharField(
        required=False,
        max_length=255,
        help_text="Stands on top of each page of this environment: “Careful, this is live.”",
    )
    banner_colour = forms.CharField(
        required=False,
        max_length=7,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "A colour such as #d9480f.")],
        help_text="Such as #d9480f.",
    )
    hide_disabled_flags = forms.ChoiceField(
        choices=_HIDE, required=False, label="Disabled flags", help_text="In answers to SDKs that ask for flags."
    )
    allow_client_traits = forms.BooleanField(
        required=False, label="Clients may set traits", help_text="With the client key; server keys always may."
    )
    hide_sensitive_data = forms.BooleanField(
        required=False,
        label="Hide sensitive data",
        help_text="Answers leave out ids, descriptions, initial values and traits.",
    )
    use_identity_composite_key_for_hashing = forms.BooleanField(
        required=False,
        label="Same variations in every evaluation",
        help_text="Percentages hash key and identifier, as local evaluation does. A change moves identities elsewhere.",
    )
    use_identity_overrides_in_local_eval = forms.BooleanField(
        required=False,
        label="Identity overrides in local evaluation",
        help_text="Puts them into the environment document.",
    )

    def changes(self) -> dict[str, Any]:
        given = {name: self.cleaned_data[name] for name in self.base_fields}
        hides = {"true": True, "false": False}.get(given["hide_disabled_flags"])
        empty = {name: None for name in ("description", "banner_text", "banner_colour") if not given[name]}
        return {**given, **empty, "hide_disabled_flags": hides}


class NewEnvironment(Form):
    name = forms.CharField(max_length=2000, widget=forms.TextInput(attrs={"autofocus": True}))
    description = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea)
    source = forms.ChoiceField(
        required=False,
        label="Begin as a copy of",
        help_text="Settings, values and segment overrides come along; identities do not.",
    )

    def __init__(self, *args: Any, environments: list[Environment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(environment.api_key, environment.name) for environment in environments]
        self.fields["source"].choices = [("", "Nothing: features have their initial values"), *choices]  # type: ignore[attr-defined]


def settings(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs_admin=True)
    environment = _environment(place)
    form = EnvironmentSettings(request.POST or None, initial=_initial(environment))
    offered = queries.of(environment.project, ContentType.ENVIRONMENT)
    texts = environment.metadata.values_list("model_field_id", "field_value") if offered else ()
    custom_fields.add_to(form, offered, dict(texts))
    if request.method == "POST" and form.is_valid():
        given = custom_fields.values(form, offered)
        saved = form.attempt(lambda: actions.update(environment, by=place.by, custom_fields=given, **form.changes()))
        if saved is not None:
            return rendering.done(request, _url(environment), "Settings saved.")
    values = {"custom": custom_fields.bound(form)}
    return rendering.form_page(request, "environments/settings.html", place, form, values)


def use_versions(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs_admin=True)
    try:
        versioning.enable(_environment(place), by=place.by)
    except AlreadyThere:
        messages.info(request, "Versioning is on already.")
    return rendering.done(request, _url(_environment(place)), "From now on each feature keeps its versions here.")


def delete(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs_admin=True)
    environment = _environment(place)
    if not is_confirmed(request, environment.name, "the environment's name"):
        return rendering.done(request, _url(environment))
    actions.delete(environment, by=place.by)
    project = reverse("project", kwargs={"project_id": project_id})
    return rendering.done(
        request, project, f"Environment {environment.name} deleted. Its keys are refused from now on."
    )


def create(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id, needs=permissions.CREATE_ENVIRONMENT)
    assert place.project is not None
    seen = permissions.environments_seen(place.standing, place.project)
    form = NewEnvironment(request.POST or None, environments=seen)
    offered = queries.of(place.project, ContentType.ENVIRONMENT)
    custom_fields.add_to(form, offered)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: _create(place, form, seen, offered))
        if made is not None:
            parts = {"project_id": project_id, "environment_key": made.api_key}
            return rendering.done(request, reverse("features", kwargs=parts), f"Environment {made.name} created.")
    values = {"custom": custom_fields.bound(form)}
    return rendering.form_page(request, "environments/create.html", place, form, values)


def _create(place: Place, form: NewEnvironment, seen: list[Environment], offered: list[CustomField]) -> Environment:
    assert place.project is not None
    given, custom = form.cleaned_data, custom_fields.values(form, offered)
    source = next((one for one in seen if one.api_key == given["source"]), None)
    if source is None:
        description = given["description"] or None
        new = {"name": given["name"], "description": description}
        return actions.create(place.project, by=place.by, custom_fields=custom, **new)
    copy = environment_clones.clone(source, name=given["name"], by=place.by)
    changes = {"description": given["description"]} if given["description"] else {}
    return actions.update(copy, by=place.by, custom_fields=custom or None, **changes) if changes or custom else copy


def _initial(environment: Environment) -> dict[str, Any]:
    initial = {name: getattr(environment, name) for name in EnvironmentSettings.base_fields}
    hides = environment.hide_disabled_flags
    return {**initial, "hide_disabled_flags": "" if hides is None else str(hides).lower()}


def _environment(place: Place) -> Environment:
    assert place.environment is not None
    return place.environment


def _url(environment: Environment) -> str:
    parts = {"project_id": environment.project_id, "environment_key": environment.api_key}
    return reverse("environment-settings", kwargs=parts)


_SETTINGS = "project/<int:project_id>/environment/<str:environment_key>/settings"

urlpatterns = [
    page("project/<int:project_id>/environment/create", create, "environment-create", methods="GET POST"),
    page(_SETTINGS, settings, "environment-settings", methods="GET POST"),
    page(f"{_SETTINGS}/versions", use_versions, "environment-settings-versions", methods="POST"),
    page(f"{_SETTINGS}/delete", delete, "environment-settings-delete", methods="POST"),
]
