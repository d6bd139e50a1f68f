from typing import Any

from django.db import models

from .features import Feature
from .integrations import Integration
from .projects import Project


class ResourceType(models.TextChoices):
    GITHUB_ISSUE = "GITHUB_ISSUE"
    GITHUB_PR = "GITHUB_PR"
    GITLAB_ISSUE = "GITLAB_ISSUE"
    GITLAB_MR = "GITLAB_MR"


class ExternalResource(models.Model):
    """An issue or a pull request that is about a feature."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="external_resources")
    url = models.URLField()
    type = models.CharField(max_length=12, choices=ResourceType.choices)
    metadata: "models.JSONField[Any, Any]" = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feature", "url"], name="resource_once_per_feature")]


class GithubRepository(models.Model):
    """A repository whose issues and pull requests a project's features can be linked to."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="repositories")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="github_repositories")
    repository_owner = models.CharField(max_length=100)
    repository_name = models.CharField(max_length=100)
    tagging_enabled = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "project", "repository_owner", "repository_name"],
                name="repository_once_per_project",
            )
        ]
