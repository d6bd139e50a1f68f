"""Open invites."""

from django.db.models import Prefetch, QuerySet

from vexil.controlplane.db.models import Group, Invite, Organisation


def invites_to(organisation: Organisation) -> QuerySet[Invite]:
    """In order of id, with who invited and the groups: one statement more, whatever their number."""
    invites = Invite.objects.filter(organisation=organisation).select_related("organisation", "invited_by")
    return invites.prefetch_related(Prefetch("groups", queryset=Group.objects.order_by("pk"))).order_by("pk")


def is_invited(organisation: Organisation, email: str) -> bool:
    return Invite.objects.filter(organisation=organisation, email=email).exists()
