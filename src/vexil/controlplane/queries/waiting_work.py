"""What the task runner has before it."""

from datetime import datetime

from vexil.controlplane.db.models.webhooks import DeliveryStatus, WebhookDelivery


def count(*, now: datetime) -> int:
    """Messages that are due and not yet sent."""
    return WebhookDelivery.objects.filter(status=DeliveryStatus.PENDING, next_attempt_at__lte=now).count()
