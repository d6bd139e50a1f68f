import uuid
from typing import Any

from django.db import models

from .environments import Environment
from .features import Feature
from .projects import Project
from .users import User


class HealthProviderName(models.TextChoices):
    """Who tells of features' health: anybody by a plain message, or Grafana by its alerts."""

    WEBHOOK = "Webhook"
    GRAFANA = "Grafana"


class HealthProvider(models.Model):
    """Lets one outside service tell of the health of a project's features, at an address that nobody can guess."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="health_providers")
    name = models.CharField(max_length=50, choices=HealthProviderName.choices)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_health_provider_of_a_kind")]


class HealthStatus(models.TextChoices):
    UNHEALTHY = "UNHEALTHY"
    HEALTHY = "HEALTHY"


class HealthEvent(models.Model):
    """What was told of one feature. What counts is the latest of each provider, environment and alert."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="health_events")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, related_name="+")
    """None: it is about all of them."""
    provider_name = models.CharField(max_length=50)
    external_id = models.CharField(max_length=255, blank=True)
    """The provider's own name of the alert, if it has one."""
    type = models.CharField(max_length=10, choices=HealthStatus.choices)
    reason: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["feature", "created_at"])]
