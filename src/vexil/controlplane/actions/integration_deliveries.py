"""What integrations are told, written down as deliveries; `deliveries` has them sent."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.db.models import Count

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import AuditRecord, DeliveryStatus, Integration, WebhookDelivery
from vexil.controlplane.integrations.catalogue import IDENTITY_WEBHOOK, OF_CHANGES, OF_IDENTITIES
from vexil.controlplane.queries import changes, identified
from vexil.controlplane.queries import integrations as queries
from vexil.controlplane.queries.identified import Identifying
from vexil.metrics import tasks
from vexil.stores.identifications import Identification

log = structlog.get_logger(__name__)

IDENTIFIED = "IDENTIFIED"
PENDING_MAX = 500
"""Messages of one integration that wait to be sent; further ones are dropped."""
KEPT_MAX = 200
"""Finished ones of each integration that are kept to be read."""
_IDENTITIES_AT_ONCE = 500


def of_records(records: Sequence[AuditRecord]) -> list[WebhookDelivery]:
    """Not yet saved: what the lines of the audit log are to integrations."""
    listeners = queries.listeners(records)
    told = changes.of_records([row for row in records if row.pk in listeners])
    traces = {row.pk: row.traceparent for row in records}
    found = [
        WebhookDelivery(integration=integration, event_type=change.kind, body=_text(change), traceparent=traces[pk])
        for pk, change in told.items()
        for integration in listeners[pk]
        if OF_CHANGES[integration.kind].is_told(change) and integration.settings.get("enabled", True)
    ]
    return with_room(found)


def write_down_identifications() -> int:
    """Turn some of the identities that are queued into deliveries; say how many there were."""
    queued = stores.current().identifications.take(_IDENTITIES_AT_ONCE)
    if not queued:
        return 0
    listeners = queries.of_identities({entry.environment_id for entry in queued})
    wanted = identified.by_environment(entry for entry in queued if entry.environment_id in listeners)
    found = [
        delivery
        for pk, (identifying, entries) in wanted.items()
        for integration in listeners[pk]
        for delivery in _of_identities(integration, identifying, entries)
    ]
    created = WebhookDelivery.objects.bulk_create(with_room(found))
    tasks.enqueued(tasks.INTEGRATION, len(created))
    return len(queued)


def with_room(deliveries: list[WebhookDelivery]) -> list[WebhookDelivery]:
    """Those that their integrations have room for. One statement."""
    integrations = {delivery.integration_id for delivery in deliveries}
    waiting = dict(
        WebhookDelivery.objects.filter(status=DeliveryStatus.PENDING, integration__in=integrations)
        .values_list("integration")
        .annotate(number=Count("pk"))
    )
    kept = []
    dropped = 0
    for delivery in deliveries:
        number = waiting.get(delivery.integration_id, 0)
        if number < PENDING_MAX:
            waiting[delivery.integration_id] = number + 1
            kept.append(delivery)
        else:
            dropped += 1
    if dropped:
        log.warning("integration.messages_dropped", count=dropped)
    return kept


def forget_all_but_newest() -> None:
    """Two statements for each integration that has more than its share."""
    finished = WebhookDelivery.objects.exclude(status=DeliveryStatus.PENDING).filter(webhook=None)
    crowded = finished.values("integration").annotate(number=Count("pk")).filter(number__gt=KEPT_MAX)
    for integration_id in crowded.values_list("integration", flat=True):
        own = finished.filter(integration=integration_id).order_by("-pk")
        oldest_kept = own.values_list("pk", flat=True)[KEPT_MAX - 1]
        own.filter(pk__lt=oldest_kept).delete()


def is_switched_off(integration: Integration) -> bool:
    """DISABLE_WEBHOOKS means the identity webhook, too."""
    return integration.kind == IDENTITY_WEBHOOK and settings.VEXIL.disable_webhooks


def _of_identities(
    integration: Integration, identifying: Identifying, entries: Sequence[Identification]
) -> Iterator[WebhookDelivery]:
    if is_switched_off(integration):
        return
    tell = identifying.full if integration.kind == IDENTITY_WEBHOOK else identifying.brief
    for some in _portions(entries, OF_IDENTITIES[integration.kind].identities_max):
        body = _text([tell(entry) for entry in some])
        yield WebhookDelivery(integration=integration, event_type=IDENTIFIED, body=body)


def _portions(entries: Sequence[Identification], size: int) -> Iterator[Sequence[Identification]]:
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _text(message: Any) -> str:
    return msgspec.json.encode(message).decode()
