import uuid

from django.db import models
from django.utils import timezone

from vexil.controlplane.db.models.traces import Traced

from .environments import Environment
from .integrations import Integration
from .organisations import Organisation


class Webhook(models.Model):
    """A URL that hears of changes: in one environment, or in a whole organisation."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, related_name="webhooks")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, related_name="webhooks")
    url = models.URLField()
    enabled = models.BooleanField(default=True)
    secret = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(environment__isnull=True) ^ models.Q(organisation__isnull=True),
                name="webhook_of_environment_or_organisation",
            )
        ]


class DeliveryStatus(models.TextChoices):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookDelivery(Traced):
    """One message to one webhook or integration: to be sent at `next_attempt_at`, or finished."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, null=True, related_name="deliveries")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, null=True, related_name="deliveries")
    event_type = models.CharField(max_length=32)
    body = models.TextField()
    """To a webhook: exactly what is sent and signed, so that a replay is the same message. To an integration: what it
    is told, without its keys; the request is made of that when it is sent."""
    status = models.CharField(max_length=9, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    """While it is being sent: when somebody else may try, should the sender never come back."""
    response_status = models.IntegerField(null=True)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    replay_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(webhook__isnull=True) ^ models.Q(integration__isnull=True),
                name="delivery_to_webhook_or_integration",
            )
        ]
        indexes = [
            models.Index(
                fields=["webhook", "integration", "id"], name="deliveries_to_make", condition=models.Q(status="PENDING")
            )
        ]
