import uuid

from django.db import models

from .projects import Project


class TagType(models.TextChoices):
    """All but the first are set by the system itself."""

    NONE = "NONE"
    STALE = "STALE"
    GITHUB = "GITHUB"
    UNHEALTHY = "UNHEALTHY"
    GITLAB = "GITLAB"


class Tag(models.Model):
    """A mark on features of one project."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tags")
    label = models.CharField(max_length=100)
    color = models.CharField(max_length=10, default="#6837FC")
    description = models.CharField(max_length=512, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    is_permanent = models.BooleanField(default=False)
    """Features with such a tag are never called stale."""
    is_system_tag = models.BooleanField(default=False)
    type = models.CharField(max_length=20, choices=TagType.choices, default=TagType.NONE)
