"""Groups and who is in them."""

from django.db.models import Prefetch, QuerySet

from vexil.controlplane.db.models import Group, GroupMembership, Organisation, User


def with_members(groups: QuerySet[Group]) -> QuerySet[Group]:
    """In order of id, with memberships and users: one statement more, whatever their number."""
    members = GroupMembership.objects.select_related("user").order_by("user_id")
    return groups.prefetch_related(Prefetch("memberships", queryset=members)).order_by("pk")


def groups_of(user: User, organisation: Organisation) -> QuerySet[Group]:
    return Group.objects.filter(organisation=organisation, memberships__user=user).order_by("pk")
