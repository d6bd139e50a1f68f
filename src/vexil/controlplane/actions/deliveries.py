"""Messages to webhooks and integrations: written down, taken by one sender at a time, and finished (ADR 7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from vexil.controlplane.actions import comments, events, integration_deliveries, webhook_messages
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.webhook_messages import Message
from vexil.controlplane.db.models import AuditRecord, DeliveryStatus, Organisation, Webhook, WebhookDelivery
from vexil.controlplane.integrations.catalogue import IDENTITY_WEBHOOK
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import webhooks as queries
from vexil.metrics import tasks

LEASE = timedelta(seconds=60)
"""Longer than any attempt takes; then somebody else may try."""

KEPT = timedelta(days=30)
_BATCH = 100
_PENDING = WebhookDelivery.objects.filter(status=DeliveryStatus.PENDING)


def write_down() -> int:
    """Turn changes that nobody has been told of into deliveries; say how many changes there were."""
    untold = AuditRecord.objects.filter(is_told=False)
    if not untold.exists():  # looked at without a lock, since there is mostly nothing to do
        return 0
    with transaction.atomic():
        records = list(untold.select_for_update(skip_locked=True).order_by("pk")[:_BATCH])
        listeners = queries.listeners(records) if not settings.VEXIL.disable_webhooks else {}
        messages = webhook_messages.of_records(record for record in records if record.pk in listeners)
        to_webhooks = [
            WebhookDelivery(
                webhook=webhook, event_type=message.event_type, body=message.body, traceparent=record.traceparent
            )
            for record in records
            for webhook in listeners.get(record.pk, ())
            for message in _fitting(messages[record.pk], webhook)
        ]
        to_integrations = [*integration_deliveries.of_records(records), *comments.of_records(records)]
        WebhookDelivery.objects.bulk_create([*to_webhooks, *to_integrations])
        AuditRecord.objects.filter(pk__in=[record.pk for record in records]).update(is_told=True)
    tasks.enqueued(tasks.WEBHOOK, len(to_webhooks))
    tasks.enqueued(tasks.INTEGRATION, len(to_integrations))
    return len(records)


def take(limit: int, *, now: datetime) -> list[WebhookDelivery]:
    """Deliveries to send now, at most one to each receiver. Nobody else gets them before their lease is over."""
    firsts = _PENDING.values("webhook", "integration").annotate(first=Min("pk")).values("first")
    due = WebhookDelivery.objects.filter(pk__in=firsts, next_attempt_at__lte=now)
    if settings.VEXIL.disable_webhooks:
        due = due.filter(webhook=None).exclude(integration__kind=IDENTITY_WEBHOOK)
    if not due.exists():
        return []
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("webhook", "integration")
        taken = list(locked.order_by("next_attempt_at", "pk")[:limit])
        WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery in taken]).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
    for delivery in taken:
        delivery.attempts += 1
    return taken


def answered(delivery: WebhookDelivery, status: int, body: str) -> None:
    """There was an answer; an error in it is recorded and not tried again."""
    if not 200 <= status < 300:
        refused(delivery, body, status)
        return
    _ours(delivery).update(
        status=DeliveryStatus.DELIVERED, response_status=status, error="", finished_at=timezone.now()
    )


def refused(delivery: WebhookDelivery, reason: str, status: int | None = None) -> None:
    """It will not be sent, whatever the answer's status."""
    _ours(delivery).update(
        status=DeliveryStatus.FAILED,
        response_status=status,
        error=reason.replace("\x00", ""),
        finished_at=timezone.now(),
    )


def unanswered(delivery: WebhookDelivery, reason: str, status: int | None = None) -> bool:
    """There was none, or one that says to try again; say whether it was the last attempt."""
    config, reason = settings.VEXIL, reason.replace("\x00", "")
    is_last = delivery.attempts >= config.webhook_attempts_max
    if is_last:
        changed = _ours(delivery).update(
            status=DeliveryStatus.FAILED, error=reason, response_status=status, finished_at=timezone.now()
        )
    else:
        wait = timedelta(seconds=config.webhook_backoff_base**delivery.attempts)
        changed = _ours(delivery).update(
            error=reason, response_status=status, next_attempt_at=timezone.now() + min(wait, timedelta(days=1))
        )
    return is_last and changed > 0


@transaction.atomic
def replay(delivery: WebhookDelivery, *, by: Actor) -> WebhookDelivery:
    """Send the same message again, as a delivery of its own."""
    webhook, integration = delivery.webhook, delivery.integration
    if webhook and not webhook.enabled:
        raise Refused("The webhook is disabled: enable it first.")
    again = WebhookDelivery.objects.create(
        webhook=webhook,
        integration=integration,
        event_type=delivery.event_type,
        body=delivery.body,
        replay_of=delivery,
    )
    tasks.enqueued(tasks.WEBHOOK if webhook else tasks.INTEGRATION)
    facts = {"event_type": delivery.event_type, "delivery": str(delivery.uuid)}
    if webhook:
        events.record(
            by, "webhook.replayed", webhook.pk, scope=webhook.environment or webhook.organisation, after=facts
        )
    elif integration:
        events.record(by, "integration.replayed", integration.pk, scope=integration.place, after=facts)
    return again


def give_up(webhook: Webhook) -> None:
    """Rows only: the caller changes the webhook and records."""
    reason = "The webhook was disabled before this was sent."
    _PENDING.filter(webhook=webhook).update(status=DeliveryStatus.FAILED, error=reason, finished_at=timezone.now())


def forget_old(*, now: datetime) -> None:
    """Delete what was finished long ago, and of each integration all but the newest."""
    WebhookDelivery.objects.filter(finished_at__lt=now - KEPT).delete()
    integration_deliveries.forget_all_but_newest()


def organisation_of(webhook: Webhook | None) -> Organisation | None:
    """Whose webhook it is; integrations have nobody who is told of failures."""
    if webhook is None:
        return None
    return webhook.environment.project.organisation if webhook.environment else webhook.organisation


def _ours(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """The row, unless it is finished or somebody else has tried since."""
    return _PENDING.filter(pk=delivery.pk, attempts=delivery.attempts)


def _fitting(messages: Iterable[Message], webhook: Webhook) -> list[Message]:
    is_of_organisation = webhook.organisation_id is not None
    return [
        message
        for message in messages
        if (message.for_organisations if is_of_organisation else message.for_environments)
    ]
