"""The shape of an organisation, its subscription and its members."""

from typing import Any

from rest_framework import serializers

from vexil.controlplane.adminapi.nested_bodies import Entry, Id
from vexil.controlplane.db.models import Membership, Organisation, Role, Subscription
from vexil.controlplane.queries import plans


class OrganisationSerializer(serializers.ModelSerializer[Organisation]):
    """Shows rows of `queries.organisations.with_details`."""

    name = serializers.CharField(max_length=2000)
    num_seats = serializers.IntegerField(read_only=True)
    subscription = serializers.SerializerMethodField()
    role = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Organisation
        fields = [
            "id",
            "uuid",
            "name",
            "created_date",
            "webhook_notification_email",
            "num_seats",
            "subscription",
            "role",
            "persist_trait_data",
            "block_access_to_admin",
            "restrict_project_create_to_admin",
            "force_2fa",
        ]
        read_only_fields = ["persist_trait_data", "block_access_to_admin"]

    def get_subscription(self, organisation: Organisation) -> dict[str, Any]:
        return _subscription(organisation.subscription)


def _subscription(row: Subscription) -> dict[str, Any]:
    """Fields of a billing provider are null: there is none."""
    unbilled = ("customer_id", "billing_status", "payment_method", "notes")
    plan = plans.of(row)
    return {
        "id": row.pk,
        "uuid": row.uuid,
        "deleted_at": row.deleted_at,
        "subscription_id": None,
        "subscription_date": row.term_starts_at,
        "plan": row.plan,
        "max_seats": plan.max_seats,
        "max_api_calls": plan.max_api_calls,
        "cancellation_date": row.cancelled_at,
        **dict.fromkeys(unbilled),
        "has_active_billing_periods": row.term_starts_at is not None,
    }


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member as the user that they are, with role and date."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.CharField(source="user.email")
    first_name = serializers.CharField(source="user.first_name")
    last_name = serializers.CharField(source="user.last_name")
    last_login = serializers.DateTimeField(source="user.last_login")
    uuid = serializers.UUIDField(source="user.uuid")
    date_joined = serializers.DateTimeField(source="user.date_joined")

    class Meta:
        model = Membership
        fields = ["id", "email", "first_name", "last_name", "last_login", "uuid", "role", "date_joined"]


class NewRole(serializers.Serializer[None]):
    role = serializers.ChoiceField(choices=Role.choices)


class LeavingUser(Entry):
    id = Id()
