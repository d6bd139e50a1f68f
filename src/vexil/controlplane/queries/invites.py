"""Open invites."""

from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from vexil.controlplane.db.models import Group, Invite, InviteLink, Organisation


def invites_to(organisation: Organisation) -> QuerySet[Invite]:
    """In order of id, with who invited and the groups: one statement more, whatever their number."""
    invites = Invite.objects.filter(organisation=organisation).select_related("organisation", "invited_by")
    return invites.prefetch_related(Prefetch("groups", queryset=Group.objects.order_by("pk"))).order_by("pk")


def is_invited(organisation: Organisation, email: str) -> bool:
    return Invite.objects.filter(organisation=organisation, email=email).exists()


def is_expected(email: str, secret: str, *, now: datetime) -> bool:
    """Whether somebody was invited by mail, or comes with a link that is good: who may sign up when others may not."""
    live = Q(organisation__deleted_at__isnull=True)
    if Invite.objects.filter(live, email=email.lower()).exists():
        return True
    if not secret or settings.VEXIL.disable_invite_links:
        return False
    links = InviteLink.objects.filter(live, hash=secret)
    return links.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now)).exists()
