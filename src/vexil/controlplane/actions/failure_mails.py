"""A mail to those who wanted to hear when a webhook's receiver cannot be reached."""

import structlog
from django.core.mail import send_mail

from vexil.controlplane.actions import deliveries
from vexil.controlplane.db.models import WebhookDelivery

log = structlog.get_logger(__name__)


def send(delivery: WebhookDelivery, reason: str) -> None:
    organisation = deliveries.organisation_of(delivery.webhook)
    if organisation is None or not organisation.webhook_notification_email:
        return
    text = (
        f"{delivery.event_type} could not be sent to {delivery.webhook.url} in {delivery.attempts} attempts.\n\n"
        f"{reason}\n\nThe message is kept and can be sent again: it is delivery {delivery.pk} of webhook "
        f"{delivery.webhook_id}.\n"
    )
    try:
        send_mail("Vexil webhook failure", text, None, [organisation.webhook_notification_email])
    except OSError as error:  # which covers what mail servers answer
        log.warning("mail.not_sent", reason=type(error).__name__)
