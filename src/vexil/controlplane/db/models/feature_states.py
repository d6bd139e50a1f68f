import uuid

from django.db import models
from django.utils import timezone

from .deletion import SoftDeletable, live_unique
from .environments import Environment
from .features import Feature, MultivariateOption, TypedValue
from .segments import Segment
from .versions import CurrentManager, FeatureVersion


class FeatureSegment(SoftDeletable):
    """The link that makes a segment override a feature in one environment; 0 is the strongest priority."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="feature_segments")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="feature_segments")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="feature_segments")
    feature_version = models.ForeignKey(
        FeatureVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="feature_segments"
    )
    priority = models.IntegerField(default=0)

    current = CurrentManager()

    class Meta:
        default_manager_name = "objects"


class FeatureState(SoftDeletable, TypedValue):
    """What a feature is in an environment: for everybody, for one segment or for one identity."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="feature_states")
    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="feature_states")
    feature_segment = models.ForeignKey(
        FeatureSegment, on_delete=models.CASCADE, null=True, blank=True, related_name="feature_states"
    )
    feature_version = models.ForeignKey(
        FeatureVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="feature_states"
    )
    """Null for identity overrides, and wherever there is no v2 versioning."""
    identity_id = models.BigIntegerField(null=True, blank=True)
    """An identity of `stores`; `identity_identifier` repeats its name, so that lists need no second look-up."""
    identity_identifier = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null: no identity
    enabled = models.BooleanField(default=False)
    hashing_seed = models.CharField(max_length=64, default="", blank=True)
    """Empty: the state's own id. States that supersede one another share it, so that identities keep their variant."""
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    live_from = models.DateTimeField(default=timezone.now, null=True, blank=True)
    version = models.IntegerField(default=1, null=True, blank=True)

    current = CurrentManager()

    class Meta:
        default_manager_name = "objects"
        indexes = [
            models.Index(fields=["environment", "feature"]),
            models.Index(fields=["environment", "identity_id"]),
            # Ordinary states are live when they are saved, so this holds the scheduled ones alone.
            models.Index(
                fields=["live_from"], condition=models.Q(live_from__gt=models.F("updated_at")), name="scheduled"
            ),
        ]
        constraints = [
            live_unique(
                "environment",
                "feature",
                "version",
                name="one_default_per_version",
                condition=models.Q(
                    feature_segment__isnull=True, identity_id__isnull=True, feature_version__isnull=True
                ),
            ),
            live_unique(
                "feature_version",
                name="one_default_per_feature_version",
                condition=models.Q(feature_segment__isnull=True, feature_version__isnull=False),
            ),
            live_unique(
                "feature_segment",
                "version",
                name="one_state_per_segment_override",
                condition=models.Q(feature_segment__isnull=False),
            ),
            live_unique(
                "environment",
                "feature",
                "identity_id",
                name="one_override_per_identity",
                condition=models.Q(identity_id__isnull=False),
            ),
        ]

    @property
    def seed(self) -> str:
        return self.hashing_seed or str(self.pk)


class Allocation(models.Model):
    """The share of identities (0 to 100) that get one option in one feature state."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feature_state = models.ForeignKey(FeatureState, on_delete=models.CASCADE, related_name="allocations")
    option = models.ForeignKey(MultivariateOption, on_delete=models.CASCADE, related_name="allocations")
    percentage = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feature_state", "option"], name="one_allocation_per_option")]
