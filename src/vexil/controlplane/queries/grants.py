"""Grants with who holds them."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from vexil.controlplane.db.models import GroupMembership


def with_holders(grants: Any, kind: str) -> QuerySet[Any]:
    """Those of users or of groups, in order of id; for groups with their members in one statement more."""
    held: QuerySet[Any] = grants.filter(**{f"{kind}__isnull": False}).select_related("user", "group").order_by("pk")
    if kind == "user":
        return held
    members = GroupMembership.objects.select_related("user").order_by("user_id")
    return held.prefetch_related(Prefetch("group__memberships", queryset=members))
