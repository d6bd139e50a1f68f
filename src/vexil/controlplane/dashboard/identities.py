"""The identities of an environment: found among millions, made several at once, deleted."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.actions import identities as actions
from vexil.controlplane.actions.identities import IdentityExists
from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.dashboard.deletions import is_confirmed
from vexil.controlplane.dashboard.forms import Form
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_environment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment
from vexil.controlplane.permissions import MANAGE_IDENTITIES, VIEW_IDENTITIES
from vexil.stores.identities import SEARCHED_MAX, Identity

_SIZE = 50
_IDENTIFIER_CHARACTERS_MAX = 2_000
_AT_ONCE_MAX = 100


class NewIdentities(Form):
    identifiers = forms.CharField(
        help_text=f"One a line, up to {_AT_ONCE_MAX}.",
        widget=forms.Textarea(attrs={"class": "code", "spellcheck": "false", "autofocus": True}),
    )

    def clean_identifiers(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["identifiers"].splitlines()]
        names = list(dict.fromkeys(filter(None, lines)))
        if len(names) > _AT_ONCE_MAX:
            raise forms.ValidationError(f"These are {len(names)}; up to {_AT_ONCE_MAX} go at once.")
        for name in names:
            if len(name) > _IDENTIFIER_CHARACTERS_MAX:
                raise forms.ValidationError(f"“{name[:40]}…” is longer than {_IDENTIFIER_CHARACTERS_MAX} characters.")
        return names


def listed(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=VIEW_IDENTITIES)
    search, before = request.GET.get("q", "").strip(), request.GET.get("before", "")
    values = {
        "search": search,
        "may_manage": place.may(MANAGE_IDENTITIES),
        **_found(environment_of(place), search, before),
    }
    if htmx.is_fragment(request):
        return rendering.fragment(request, "identities/results.html", place, values)
    return rendering.page(request, "identities/list.html", place, values)


def create(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=MANAGE_IDENTITIES)
    form = NewIdentities(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made, present = _create_all(place, form.cleaned_data["identifiers"])
        if present:
            messages.warning(request, f"Already there: {', '.join(present[:5])}{' …' if len(present) > 5 else ''}")
        if len(made) == 1:
            return rendering.done(request, url_of(place, made[0]), f"Identity {made[0].identifier} created.")
        return rendering.done(request, list_url(place), f"{len(made)} identities created.")
    return rendering.form_page(request, "identities/create.html", place, form)


def delete(request: HttpRequest, project_id: int, environment_key: str, identity_id: int) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs=MANAGE_IDENTITIES)
    identity = existing(place, identity_id)
    if not is_confirmed(request, identity.identifier, "the identifier"):
        return rendering.done(request, url_of(place, identity))
    actions.delete(environment_of(place), identity, by=place.by)
    return rendering.done(request, list_url(place), f"Identity {identity.identifier} deleted.")


def existing(place: Place, identity_id: int) -> Identity:
    identity = stores.current().identities.get(environment_of(place).pk, identity_id)
    if identity is None:
        raise Http404("identity")
    return identity


def environment_of(place: Place) -> Environment:
    assert place.environment is not None
    return place.environment


def list_url(place: Place) -> str:
    return reverse("identities", kwargs=_parts(place))


def url_of(place: Place, identity: Identity) -> str:
    return reverse(
        "identities-one", kwargs={**_parts(place), "identifier": identity.identifier, "identity_id": identity.id}
    )


def _parts(place: Place) -> dict[str, int | str]:
    environment = environment_of(place)
    return {"project_id": environment.project_id, "environment_key": environment.api_key}


def _found(environment: Environment, search: str, before: str) -> dict[str, object]:
    """The newest ones, or what a search gives: exactly this one if it is in double quotes."""
    identities = stores.current().identities
    if len(search) > 1 and search[0] == search[-1] == '"':
        one = identities.find(environment.pk, search[1:-1])
        return {"rows": [one] if one else [], "is_complete": True}
    if search:
        found = identities.search(environment.pk, search, limit=_SIZE)
        return {"rows": found.identities, "is_complete": found.is_complete, "searched_max": SEARCHED_MAX}
    before_id = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = identities.newest(environment.pk, before_id=before_id, limit=_SIZE + 1)
    older = rows[_SIZE - 1].id if len(rows) > _SIZE else None
    return {"rows": rows[:_SIZE], "is_complete": True, "older": older, "is_first": before_id is None}


def _create_all(place: Place, names: list[str]) -> tuple[list[Identity], list[str]]:
    """Those that were made, and the names of those that were there."""
    made, present = [], []
    for name in names:
        try:
            made.append(actions.create(environment_of(place), name, by=place.by))
        except IdentityExists:
            present.append(name)
    return made, present


_IDENTITIES = "project/<int:project_id>/environment/<str:environment_key>/identities"

urlpatterns = [
    page(_IDENTITIES, listed, "identities"),
    page(f"{_IDENTITIES}/create", create, "identities-create", methods="GET POST"),
    page(f"{_IDENTITIES}/<int:identity_id>/delete", delete, "identities-delete", methods="POST"),
]
