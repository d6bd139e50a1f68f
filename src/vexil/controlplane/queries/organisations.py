"""Organisations as lists show them."""

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vexil.controlplane.db.models import Membership, Organisation
from vexil.controlplane.permissions import Actor


def with_details(organisations: QuerySet[Organisation], actor: Actor) -> QuerySet[Organisation]:
    """Each with `num_seats`, `role` (the actor's) and its subscription, in one statement."""
    members = Membership.objects.filter(organisation=OuterRef("pk")).order_by().values("organisation")
    own = Membership.objects.filter(organisation=OuterRef("pk"), user=actor.user)
    return (
        organisations.select_related("subscription")
        .annotate(
            num_seats=Coalesce(Subquery(members.annotate(count=Count("pk")).values("count")), 0),
            role=Subquery(own.values("role")[:1]),
        )
        .order_by("pk")
    )


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """One statement."""
    return Membership.objects.filter(organisation=organisation).select_related("user").order_by("user_id")
