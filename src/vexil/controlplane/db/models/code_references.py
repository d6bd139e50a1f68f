from django.db import models

from .projects import Project


class VcsProvider(models.TextChoices):
    GITHUB = "github"


class CodeRepository(models.Model):
    """A repository that was searched for a project's features, as its last scan saw it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="code_repositories")
    url = models.URLField(max_length=200)
    vcs_provider = models.CharField(max_length=50, choices=VcsProvider.choices, default=VcsProvider.GITHUB)
    revision = models.CharField(max_length=100)
    scanned_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "url"], name="code_repository_once_per_project")]


class CodeReference(models.Model):
    """A line that names a feature, in the last scan. By name, since code may be ahead of the features there are."""

    repository = models.ForeignKey(CodeRepository, on_delete=models.CASCADE, related_name="references")
    feature_name = models.CharField(max_length=100)
    file_path = models.CharField(max_length=4096)
    line_number = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["repository", "feature_name"], name="code_references_of_feature")]


class CodeSighting(models.Model):
    """When a feature was last found in a repository, in whichever scan that was."""

    repository = models.ForeignKey(CodeRepository, on_delete=models.CASCADE, related_name="sightings")
    feature_name = models.CharField(max_length=100)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "feature_name"], name="code_sighting_once_per_feature")
        ]
