from django.db import models
from django.db.models import Q

from .environments import Environment
from .groups import Group
from .organisations import Organisation
from .projects import Project
from .users import User


class Grant(models.Model):
    """Rights of one user or one group at one organisation, project or environment."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="+")
    permissions = models.JSONField(default=list)

    class Meta:
        abstract = True


def _one_holder(level: str) -> list[models.BaseConstraint]:
    """A grant is held by a user or by a group, and each of them holds at most one at a place."""
    return [
        models.CheckConstraint(
            condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
            name=f"{level}_grant_has_one_holder",
        ),
        models.UniqueConstraint(fields=["user", level], name=f"one_grant_per_user_and_{level}"),
        models.UniqueConstraint(fields=["group", level], name=f"one_grant_per_group_and_{level}"),
    ]


class OrganisationGrant(Grant):
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="grants")

    is_admin = False
    """An organisation's admins are its admins by their role."""

    class Meta:
        constraints = _one_holder("organisation")


class ProjectGrant(Grant):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="grants")
    is_admin = models.BooleanField(default=False)

    class Meta:
        constraints = _one_holder("project")


class EnvironmentGrant(Grant):
    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="grants")
    is_admin = models.BooleanField(default=False)

    class Meta:
        constraints = _one_holder("environment")
