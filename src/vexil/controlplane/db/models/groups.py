from django.db import models

from .organisations import Organisation
from .users import User


class Group(models.Model):
    """Members of an organisation who are granted rights together."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)
    """Whoever joins the organisation joins this group, too."""
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    users: "models.ManyToManyField[User, GroupMembership]" = models.ManyToManyField(
        User, through="GroupMembership", related_name="user_groups"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "external_id"], name="external_id_once_per_organisation")
        ]


class GroupMembership(models.Model):
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="group_memberships")
    is_group_admin = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="group_membership_once")]
