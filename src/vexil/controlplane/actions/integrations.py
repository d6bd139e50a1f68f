"""Integrations: adding, changing and removing them."""

from typing import Any

from django.db import IntegrityError, transaction

from vexil.controlplane.actions import events
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db.models import Environment, Integration, Project
from vexil.controlplane.integrations.catalogue import GITHUB, OF_IDENTITIES, SLACK_TOKEN
from vexil.controlplane.integrations.settings_fields import SECRETS
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries.integrations import Place


class AlreadyIntegrated(Exception):
    """The place has an integration of this kind."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"This integration already exists for this {type(place).__name__.lower()}.")


@transaction.atomic
def create(place: Place, kind: str, *, by: Actor, settings: dict[str, Any]) -> Integration:
    integration = Integration(kind=kind, settings=settings, **{type(place).__name__.lower(): place})
    try:
        with transaction.atomic():
            integration.save()
    except IntegrityError:
        raise AlreadyIntegrated(place) from None
    events.record(by, "integration.created", integration.pk, scope=place, after=_facts(integration))
    _publish(integration)
    return integration


@transaction.atomic
def update(integration: Integration, *, by: Actor, settings: dict[str, Any]) -> Integration:
    """The integration as it is afterwards; settings that are not named stay."""
    integration = Integration.objects.select_for_update(of=("self",)).get(pk=integration.pk)
    before = _facts(integration)
    integration.settings = {**integration.settings, **settings}
    integration.save()
    after = _facts(integration)
    events.record(by, "integration.updated", integration.pk, scope=integration.place, before=before, after=after)
    return integration


@transaction.atomic
def delete(integration: Integration, *, by: Actor) -> None:
    """The integration with the record of its deliveries."""
    events.record(by, "integration.deleted", integration.pk, scope=integration.place, before=_facts(integration))
    _publish(integration)
    integration.delete()


@transaction.atomic
def keep_slack_token(project: Project, token: str, *, by: Actor) -> None:
    """What Slack gave the project; an older one is replaced."""
    held, is_new = Integration.objects.update_or_create(
        kind=SLACK_TOKEN, project=project, defaults={"settings": {"api_token": token}}
    )
    kind = "integration.created" if is_new else "integration.updated"
    events.record(by, kind, held.pk, scope=project, after=_facts(held))


@transaction.atomic
def forget_github(installation_id: str) -> int:
    """The app was removed on GitHub's side; say of how many organisations."""
    found = list(Integration.objects.filter(kind=GITHUB, settings__installation_id=installation_id))
    for integration in found:
        delete(integration, by=SYSTEM)
    return len(found)


def _publish(integration: Integration) -> None:
    """The data plane must know whether anybody wants to hear of an environment's identities."""
    if integration.kind in OF_IDENTITIES and isinstance(integration.place, Environment):
        publish(integration.place)


def _facts(integration: Integration) -> dict[str, Any]:
    shown = {name: value for name, value in integration.settings.items() if name not in SECRETS}
    return {"kind": integration.kind, **shown}
