"""Sending what webhooks and integrations are to be told: threads beside the sweeps, which no receiver holds up."""

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import deliveries, failure_mails, integration_deliveries, integration_requests
from vexil.controlplane.db.models import WebhookDelivery
from vexil.controlplane.integrations import catalogue, outgoing, webhooks
from vexil.controlplane.integrations.github.app import NotConfigured
from vexil.metrics import tasks
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_SENDERS = 8
_IDLE_SECONDS = 1.0
_FORGET_SECONDS = 60.0
_LATER = {429, 500, 502, 503, 504}
"""Answers by which a service says that the same request may do later. Webhooks are not asked twice for them."""


def run(stopping: threading.Event) -> None:
    """Send until told to stop; what is on its way then is finished."""
    in_flight: set[Future[None]] = set()
    forgotten_at = 0.0
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhooks") as senders:
        while not stopping.is_set():
            now = datetime.now(UTC)
            taken = _take(_SENDERS - len(in_flight), now)
            in_flight |= {senders.submit(deliver, delivery) for delivery in taken}
            if now.timestamp() - forgotten_at > _FORGET_SECONDS:
                forgotten_at = now.timestamp()
                _forget_old(now)
            if in_flight:
                _, in_flight = wait(in_flight, timeout=_IDLE_SECONDS, return_when=FIRST_COMPLETED)
            else:
                stopping.wait(_IDLE_SECONDS)
    connections.close_all()


def deliver(delivery: WebhookDelivery) -> None:
    """One attempt, and what came of it."""
    name = tasks.WEBHOOK if delivery.webhook_id else tasks.INTEGRATION
    with tasks.attempt(name, parent=delivery.traceparent) as attempt:
        attempt.is_failure = not _deliver(delivery)


def _deliver(delivery: WebhookDelivery) -> bool:
    """Whether it was taken."""
    try:
        answer = _send(delivery)
    except outgoing.Unreachable as error:
        log.warning("delivery.unreachable", delivery_id=delivery.pk, attempt=delivery.attempts)
        if deliveries.unanswered(delivery, str(error)):
            failure_mails.send(delivery, str(error))
    except NotConfigured as error:
        deliveries.refused(delivery, str(error))
    else:
        log.info("delivery.answered", delivery_id=delivery.pk, status=answer.status)
        _write_down(delivery, answer)
        return answer.status < 400
    finally:
        connections.close_all()
    return False


def _send(delivery: WebhookDelivery) -> outgoing.Answer:
    webhook, integration = delivery.webhook, delivery.integration
    if integration:
        return integration_requests.send(integration, delivery.body)
    assert webhook, "a delivery goes to a webhook or to an integration"
    allow_internal = settings.VEXIL.webhooks_may_be_internal
    return webhooks.send(webhook.url, webhook.secret, delivery.body, allow_internal=allow_internal)


def _write_down(delivery: WebhookDelivery, answer: outgoing.Answer) -> None:
    integration = delivery.integration
    hears = catalogue.OF_CHANGES.get(integration.kind) if integration else None
    if integration and answer.status in _LATER:
        deliveries.unanswered(delivery, f"{answer.status}: {answer.body}"[:1000], answer.status)
    elif hears and answer.status == 200 and (reason := hears.refusal(answer.body)):
        deliveries.refused(delivery, reason, answer.status)
    else:
        deliveries.answered(delivery, answer.status, answer.body)


def _take(limit: int, now: datetime) -> list[WebhookDelivery]:
    try:
        close_old_connections()
        while deliveries.write_down():
            pass
        integration_deliveries.write_down_identifications()
        return deliveries.take(limit, now=now) if limit else []
    except (Error, Unavailable):
        log.warning("deliveries.delayed")
    except Exception:
        # The outermost loop of this thread: one failure must not end all sending.
        log.exception("deliveries.failed")
    return []


def _forget_old(now: datetime) -> None:
    try:
        deliveries.forget_old(now=now)
    except Error:
        log.warning("deliveries.not_forgotten")
