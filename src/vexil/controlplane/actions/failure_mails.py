"""A mail to those who wanted to hear when a webhook's receiver cannot be reached."""

from vexil.controlplane.actions import deliveries, mail
from vexil.controlplane.db.models import WebhookDelivery


def send(delivery: WebhookDelivery, reason: str) -> None:
    webhook = delivery.webhook
    organisation = deliveries.organisation_of(webhook)
    if webhook is None or organisation is None or not organisation.webhook_notification_email:
        return
    body = (
        f"{delivery.event_type} could not be sent to {webhook.url} in {delivery.attempts} attempts.\n\n"
        f"{reason}\n\nThe message is kept and can be sent again: it is delivery {delivery.pk} of webhook "
        f"{delivery.webhook_id}.\n"
    )
    mail.send_later(to=organisation.webhook_notification_email, subject="Vexil webhook failure", body=body)
