from django.db import models

from .environments import Environment
from .projects import Project
from .users import User


class Grant(models.Model):
    """Rights of one user at one project or environment: all of them, or those named."""

    is_admin = models.BooleanField(default=False)
    permissions = models.JSONField(default=list)

    class Meta:
        abstract = True


class ProjectGrant(Grant):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="project_grants")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="one_grant_per_user_and_project")]


class EnvironmentGrant(Grant):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="environment_grants")
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "environment"], name="one_grant_per_user_and_environment")
        ]
