from django.db import models
from django.utils import timezone

from vexil.controlplane.db.models.traces import Traced

from .master_api_keys import MasterAPIKey
from .projects import Project
from .users import User


class ImportResult(models.TextChoices):
    SUCCESS = "success"
    INCOMPLETE = "incomplete"
    """Some of it could not be brought over; `error_messages` says what."""
    FAILURE = "failure"


class LaunchDarklyImport(Traced):
    """A LaunchDarkly project on its way into one of ours; the task runner does the work."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="launch_darkly_imports")
    project_key = models.CharField(max_length=2000)
    """Of the project at LaunchDarkly."""
    sealed_token = models.TextField(blank=True, default="")
    """Encrypted, and forgotten once the import has ended."""
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    master_api_key = models.ForeignKey(MasterAPIKey, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    """When it last got on; one that stands still is given up."""
    taken_at = models.DateTimeField(null=True)
    """When a task runner began with it."""
    completed_at = models.DateTimeField(null=True)
    environments = models.IntegerField(default=0)
    flags = models.IntegerField(default=0)
    deprecated_flags = models.IntegerField(default=0)
    flags_done = models.IntegerField(default=0)
    result = models.CharField(max_length=10, choices=ImportResult.choices, blank=True, default="")
    error_messages = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], name="one_launch_darkly_import", condition=models.Q(completed_at=None)
            )
        ]
