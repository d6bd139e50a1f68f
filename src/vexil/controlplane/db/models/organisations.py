import uuid

from django.db import models

from .deletion import SoftDeletable
from .users import User


class Role(models.TextChoices):
    ADMIN = "ADMIN"
    USER = "USER"


class Organisation(SoftDeletable):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=2000)
    created_date = models.DateTimeField(auto_now_add=True)
    webhook_notification_email = models.EmailField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    persist_trait_data = models.BooleanField(default=True)
    stop_serving_flags = models.BooleanField(default=False)
    block_access_to_admin = models.BooleanField(default=False)
    restrict_project_create_to_admin = models.BooleanField(default=False)
    force_2fa = models.BooleanField(default=False)
    users: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organisations"
    )


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.USER)
    date_joined = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]


class Subscription(SoftDeletable):
    """The plan of an organisation; without billing everybody is on `free`, which then limits nothing."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="subscription")
    plan = models.CharField(max_length=100, default="free")
    max_seats = models.IntegerField(default=1)
    max_api_calls = models.BigIntegerField(default=50_000)
