"""Sending what webhooks are to be told: threads beside the sweeps, so that slow receivers hold up nothing else."""

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from django.db.utils import Error

from vexil.controlplane.actions import deliveries, failure_mails
from vexil.controlplane.db.models import WebhookDelivery
from vexil.controlplane.integrations import outgoing, webhooks

log = structlog.get_logger(__name__)

_SENDERS = 8
_IDLE_SECONDS = 1.0
_FORGET_SECONDS = 3600.0


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
    webhook = delivery.webhook
    allow_internal = settings.VEXIL.webhooks_may_be_internal
    try:
        answer = webhooks.send(webhook.url, webhook.secret, delivery.body, allow_internal=allow_internal)
    except outgoing.Unreachable as error:
        log.warning("webhook.unreachable", delivery_id=delivery.pk, attempt=delivery.attempts)
        if deliveries.unanswered(delivery, str(error)):
            failure_mails.send(delivery, str(error))
    else:
        log.info("webhook.answered", delivery_id=delivery.pk, status=answer.status)
        deliveries.answered(delivery, answer.status, answer.body)
    finally:
        connections.close_all()


def _take(limit: int, now: datetime) -> list[WebhookDelivery]:
    try:
        close_old_connections()
        while deliveries.write_down():
            pass
        return deliveries.take(limit, now=now) if limit else []
    except Error:
        log.warning("webhooks.delayed")
    except Exception:
        # The outermost loop of this thread: one failure must not end all sending.
        log.exception("webhooks.failed")
    return []


def _forget_old(now: datetime) -> None:
    try:
        deliveries.forget_old(now=now)
    except Error:
        log.warning("webhooks.not_forgotten")
