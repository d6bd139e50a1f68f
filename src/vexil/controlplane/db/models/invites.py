from django.db import models

from vexil.wire.keys import new_client_key

from .groups import Group
from .organisations import Organisation, Role
from .users import User


class Invite(models.Model):
    """An invitation by mail, for one address; it is gone once that person has joined."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invites")
    email = models.EmailField(max_length=254)
    hash = models.CharField(max_length=100, unique=True, default=new_client_key)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.USER)
    date_created = models.DateTimeField(auto_now_add=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    groups: "models.ManyToManyField[Group, models.Model]" = models.ManyToManyField(Group, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "email"], name="invite_once_per_address")]


class InviteLink(models.Model):
    """An invitation for whoever has the link."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invite_links")
    hash = models.CharField(max_length=100, unique=True, default=new_client_key)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.USER)
    date_created = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
