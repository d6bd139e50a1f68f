from django.db import models
from django.utils import timezone

from vexil.controlplane.db.models.traces import Traced

from .environments import Environment
from .master_api_keys import MasterAPIKey
from .users import User


class FileStatus(models.TextChoices):
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class ImportStrategy(models.TextChoices):
    SKIP = "SKIP"
    OVERWRITE_DESTRUCTIVE = "OVERWRITE_DESTRUCTIVE"


class FeatureFile(Traced):
    """Features of one environment on their way out or in; the task runner does the work."""

    status = models.CharField(max_length=10, choices=FileStatus.choices, default=FileStatus.PROCESSING)
    content = models.TextField(blank=True, default="")
    """A JSON list of features (admin-api.md §23)."""
    error = models.TextField(blank=True, default="")
    """Why it failed, for people."""
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    master_api_key = models.ForeignKey(MasterAPIKey, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    taken_at = models.DateTimeField(null=True)
    """When a task runner began with it."""

    class Meta:
        abstract = True


class FeatureExport(FeatureFile):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="feature_exports")
    tag_ids = models.JSONField(default=list)
    """Features with one of these tags; empty: all."""

    class Meta:
        indexes = [models.Index(fields=["id"], name="exports_waiting", condition=models.Q(status="PROCESSING"))]

    @property
    def name(self) -> str:
        return f"{self.environment.name} | {self.created_at:%Y-%m-%d %H:%M} UTC"


class FeatureImport(FeatureFile):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="feature_imports")
    strategy = models.CharField(max_length=21, choices=ImportStrategy.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                name="one_import_at_a_time",
                condition=models.Q(status=FileStatus.PROCESSING),
            )
        ]
