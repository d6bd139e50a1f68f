"""The keys of an environment: the one for clients, and any number for servers."""

from datetime import UTC, datetime

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import server_keys as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.getting_started import api_url
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db.models import Environment, ServerKey


class NewKey(Form):
    name = forms.CharField(max_length=100, help_text="What will use it, for example “shop backend”.")
    expires_on = forms.DateField(
        required=False,
        help_text="It stops at the end of this day (UTC).",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_expires_on(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
        if end <= datetime.now(UTC):
            raise forms.ValidationError("This day is over.")
        return end


def shown(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key)
    form = NewKey(request.POST or None)
    if request.method == "POST":
        place = at_environment(request, project_id, environment_key, needs_admin=True)
        if form.is_valid():
            given = form.cleaned_data
            key = actions.create(_environment(place), by=place.by, name=given["name"], expires_at=given["expires_on"])
            return rendering.done(request, _url(place), f"Server key {key.name} created.")
    keys = ServerKey.objects.filter(environment=place.environment).order_by("pk") if place.rights.is_admin else []
    now = datetime.now(UTC)
    values = {
        "keys": [(key, key.is_usable(now)) for key in keys],
        "may_manage": place.rights.is_admin,
        "api_url": api_url(request),
    }
    return rendering.form_page(request, "sdk_keys/keys.html", place, form, values)


def switch(request: HttpRequest, project_id: int, environment_key: str, key_id: int) -> HttpResponse:
    place, key = _found(request, project_id, environment_key, key_id)
    active = request.POST.get("enabled") == "true"
    actions.update(key, by=place.by, active=active)
    return rendering.done(request, _url(place), f"Server key {key.name} is {'active' if active else 'switched off'}.")


def delete(request: HttpRequest, project_id: int, environment_key: str, key_id: int) -> HttpResponse:
    place, key = _found(request, project_id, environment_key, key_id)
    if not is_confirmed(request, key.name, "the key's name"):
        return rendering.done(request, _url(place))
    actions.delete(key, by=place.by)
    return rendering.done(request, _url(place), f"Server key {key.name} deleted: it is refused from now on.")


def _found(request: HttpRequest, project_id: int, environment_key: str, key_id: int) -> tuple[Place, ServerKey]:
    place = at_environment(request, project_id, environment_key, needs_admin=True)
    key = ServerKey.objects.filter(environment=place.environment, pk=key_id).select_related("environment").first()
    if key is None:
        raise Http404("key")
    return place, key


def _environment(place: Place) -> Environment:
    assert place.environment is not None
    return place.environment


def _url(place: Place) -> str:
    environment = _environment(place)
    return reverse("sdk-keys", kwargs={"project_id": environment.project_id, "environment_key": environment.api_key})


_KEYS = "project/<int:project_id>/environment/<str:environment_key>/sdk-keys"

urlpatterns = [
    page(_KEYS, shown, "sdk-keys", methods="GET POST"),
    page(f"{_KEYS}/<int:key_id>/switch", switch, "sdk-keys-switch", methods="POST"),
    page(f"{_KEYS}/<int:key_id>/delete", delete, "sdk-keys-delete", methods="POST"),
]
