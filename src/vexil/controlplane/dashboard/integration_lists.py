"""The integrations of an organisation, or of a project and its environments, as cards: what there is, what could be."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane import permissions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.integration_kinds import GROUPS, KINDS, Kind
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import Place, at_organisation, at_project
from vexil.controlplane.db.models import Environment, Integration
from vexil.controlplane.integrations import settings_fields as fields
from vexil.controlplane.queries import integrations as queries


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that has an integration of the kind, or could have one."""

    name: str
    url: str
    integration: Integration | None
    may_change: bool

    @property
    def is_off(self) -> bool:
        return self.integration is not None and self.integration.settings.get("enabled") is False


@dataclass(frozen=True, slots=True)
class Card:
    kind: Kind
    spots: tuple[Spot, ...]

    @property
    def there(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.integration is not None]

    @property
    def addable(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.integration is None and spot.may_change]


def of_project(request: HttpRequest, project_id: int) -> HttpResponse:
    place = at_project(request, project_id)
    assert place.project is not None
    seen = permissions.environments_seen(place.standing, place.project)
    found = {(one.kind, one.environment_id): one for one in queries.of_project(place.project, seen)}
    cards = []
    for key, kind in KINDS.items():
        spots = [_in_project(place, key, found.get((key, None)))] if key in fields.OF_PROJECTS else []
        if key in fields.OF_ENVIRONMENTS:
            spots += [_in_environment(place, one, key, found.get((key, one.pk))) for one in seen]
        if spots:
            cards.append(Card(kind, tuple(spots)))
    return _shown(request, place, cards)


def of_organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    place = at_organisation(request, organisation_id, needs_admin=True)
    found = {one.kind: one for one in queries.of_organisation(place.organisation)}
    parts: dict[str, int | str] = {"organisation_id": organisation_id}
    cards = [
        Card(KINDS[key], (Spot(place.organisation.name, one_url("organisation", key, parts), found.get(key), True),))
        for key in fields.OF_ORGANISATIONS
    ]
    return _shown(request, place, cards)


def one_url(level: str, kind: str, parts: dict[str, int | str], verb: str = "") -> str:
    return reverse(f"{_PREFIXES[level]}-one{verb}", kwargs={**parts, "integration_kind": kind})


def _in_project(place: Place, kind: str, found: Integration | None) -> Spot:
    assert place.project is not None
    url = one_url("project", kind, {"project_id": place.project.pk})
    return Spot("All environments", url, found, place.rights.is_admin)


def _in_environment(place: Place, environment: Environment, kind: str, found: Integration | None) -> Spot:
    parts: dict[str, int | str] = {"project_id": environment.project_id, "environment_key": environment.api_key}
    may_change = place.standing.at_environment(environment).is_admin
    return Spot(environment.name, one_url("environment", kind, parts), found, may_change)


def _shown(request: HttpRequest, place: Place, cards: list[Card]) -> HttpResponse:
    groups = [(group, [card for card in cards if card.kind.group == group]) for group in GROUPS]
    values = {"groups": [(group, within) for group, within in groups if within]}
    return rendering.page(request, "integrations/list.html", place, values)


_PREFIXES = {
    "project": "integrations",
    "environment": "integrations-environment",
    "organisation": "organisation-integrations",
}

urlpatterns = [
    page("project/<int:project_id>/integrations", of_project, "integrations"),
    page("organisation/<int:organisation_id>/integrations", of_organisation, "organisation-integrations"),
]
