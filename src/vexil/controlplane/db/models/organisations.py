import uuid

from django.db import models

from vexil.plans import FREE

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
    plan = models.CharField(max_length=100, default=FREE)
    max_seats = models.IntegerField(null=True, blank=True)
    max_api_calls = models.BigIntegerField(null=True, blank=True)
    max_projects = models.IntegerField(null=True, blank=True)
    """What this organisation was given in place of what its plan includes; null: nothing."""
    term_starts_at = models.DateTimeField(null=True, blank=True)
    """When the months of a paid plan began to run."""
    cancelled_at = models.DateTimeField(null=True, blank=True)
    """When a paid plan ends, or ended."""
    breached_at = models.DateTimeField(null=True, blank=True)
    """When usage was last too high for longer than the days of grace; there is no grace after that."""
    overage_waived_at = models.DateTimeField(null=True, blank=True)
    """When the first month above the allowance was not charged."""
