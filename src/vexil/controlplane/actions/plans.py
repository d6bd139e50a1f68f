"""Putting organisations on plans, and giving them other limits than their plan has: what an operator does."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events, locks, usage_blocks
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Organisation, Subscription
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import plans
from vexil.plans import FREE


class UnknownPlan(Refused):
    """No plan of this name is configured."""


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """What an organisation gets in place of what its plan includes; None: as the plan says."""

    max_api_calls: int | None = None
    max_seats: int | None = None
    max_projects: int | None = None


@transaction.atomic
def set_plan(
    organisation: Organisation,
    plan: str,
    *,
    by: Actor,
    now: datetime,
    limits: OwnLimits | None = None,
    term_starts_at: datetime | None = None,
) -> Subscription:
    """A paid plan starts a term of months, now if nothing is said, and ends a block at once."""
    if plan not in plans.names():
        raise UnknownPlan(f"There is no plan {plan!r}; there are {', '.join(plans.names())}.")
    locks.lock_organisation(organisation.pk)
    subscription = Subscription.objects.get(organisation=organisation)
    before = _shown(subscription)
    subscription.term_starts_at = None if plan == FREE else term_starts_at or _term(subscription, plan, now)
    subscription.plan, subscription.cancelled_at = plan, None
    given = limits or OwnLimits()
    subscription.max_api_calls, subscription.max_seats = given.max_api_calls, given.max_seats
    subscription.max_projects = given.max_projects
    subscription.save()
    events.record(by, "plan.changed", organisation.pk, scope=organisation, before=before, after=_shown(subscription))
    if plan != FREE:
        usage_blocks.unblock(organisation, by=by)
    return subscription


@transaction.atomic
def cancel(organisation: Organisation, *, at: datetime, by: Actor) -> None:
    """Put it on the free plan at a time to come."""
    locks.lock_organisation(organisation.pk)
    Subscription.objects.filter(organisation=organisation).update(cancelled_at=at)
    events.record(by, "plan.cancelled", organisation.pk, scope=organisation, after={"at": at.isoformat()})


def finish_cancellations(now: datetime) -> int:
    """Put those on the free plan whose paid one has ended; their number."""
    ended = Subscription.objects.exclude(plan=FREE).filter(cancelled_at__lte=now, organisation__deleted_at=None)
    found = list(ended.select_related("organisation").order_by("pk"))
    for subscription in found:
        set_plan(subscription.organisation, FREE, by=SYSTEM, now=now)
    return len(found)


def _term(subscription: Subscription, plan: str, now: datetime) -> datetime:
    """The months of a paid plan run on when it stays."""
    return subscription.term_starts_at or now if subscription.plan == plan else now


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "plan": subscription.plan,
        "max_api_calls": subscription.max_api_calls,
        "max_seats": subscription.max_seats,
        "max_projects": subscription.max_projects,
    }
