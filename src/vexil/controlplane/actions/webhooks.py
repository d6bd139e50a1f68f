"""Webhooks: adding, changing and removing them."""

from typing import Any

from django.db import transaction

from vexil.controlplane.actions import deliveries, events
from vexil.controlplane.db.models import Environment, Organisation, Webhook
from vexil.controlplane.permissions import Actor


@transaction.atomic
def create(place: Environment | Organisation, *, by: Actor, **fields: Any) -> Webhook:
    webhook = Webhook(**fields)
    if isinstance(place, Environment):
        webhook.environment = place
    else:
        webhook.organisation = place
    webhook.save()
    events.record(by, "webhook.created", webhook.pk, scope=place, after=_facts(webhook))
    return webhook


@transaction.atomic
def update(webhook: Webhook, *, by: Actor, **changes: Any) -> Webhook:
    """The webhook as it is afterwards. What waits for one that is switched off is not sent."""
    webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    before = _facts(webhook)
    for name, value in changes.items():
        setattr(webhook, name, value)
    webhook.save()
    if not webhook.enabled:
        deliveries.give_up(webhook)
    events.record(by, "webhook.updated", webhook.pk, scope=place_of(webhook), before=before, after=_facts(webhook))
    return webhook


@transaction.atomic
def delete(webhook: Webhook, *, by: Actor) -> None:
    """The webhook with the record of its deliveries."""
    events.record(by, "webhook.deleted", webhook.pk, scope=place_of(webhook), before=_facts(webhook))
    webhook.delete()


def place_of(webhook: Webhook) -> Environment | Organisation | None:
    return webhook.environment or webhook.organisation


def _facts(webhook: Webhook) -> dict[str, Any]:
    """Without the secret, of which only is told whether there is one."""
    return {"url": webhook.url, "enabled": webhook.enabled, "is_signed": bool(webhook.secret)}
