import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .deletion import LiveManager, M, SoftDeletable, live_unique
from .environments import Environment
from .features import Feature
from .users import User


class FeatureVersion(SoftDeletable):
    """All states and links of one feature in one environment with v2 versioning, but for identity overrides.

    A draft until it is published, waiting until `live_from`, then the current one until another follows.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="feature_versions")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="versions")
    base = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="copies")
    """The version that it was copied from: what differs from that one was changed on purpose."""
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    published = models.BooleanField(default=False)
    published_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    live_from = models.DateTimeField(null=True, blank=True)
    went_live_at = models.DateTimeField(null=True, blank=True)
    is_current = models.BooleanField(default=False)
    """The one that counts now. Moves on when a version goes live, which the task runner sees to every second."""

    class Meta:
        indexes = [
            models.Index(fields=["environment", "feature", "live_from"]),
            models.Index(
                fields=["live_from"],
                condition=Q(published=True, went_live_at__isnull=True, deleted_at__isnull=True),
                name="versions_waiting",
            ),
        ]
        constraints = [
            live_unique("environment", "feature", condition=Q(is_current=True), name="one_current_version"),
        ]


class CurrentManager(LiveManager[M]):
    """Only rows that count now: not deleted, and of no version or of the current one."""

    def get_queryset(self) -> models.QuerySet[M]:
        of_none_or_current = Q(feature_version__isnull=True) | Q(feature_version__is_current=True)
        return super().get_queryset().filter(of_none_or_current)
