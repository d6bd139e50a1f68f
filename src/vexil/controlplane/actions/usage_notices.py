"""Telling organisations how much of their allowance is used (operations.md §8)."""

from datetime import datetime

from django.db import transaction

from vexil.controlplane.actions import events, locks, usage_mails
from vexil.controlplane.db.models import Environment, Organisation, Subscription, UsageBlock, UsageNotice
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import billing, plans, usage
from vexil.controlplane.queries.billing import Allowance
from vexil.controlplane.queries.usage import Span


def notify_all(now: datetime) -> int:
    """One notice to each organisation that reached a threshold since its last one; the number of notices."""
    busy = _calls(Span(now - billing.ROLLING, now))
    subscriptions = Subscription.objects.filter(organisation__in=list(busy), organisation__deleted_at=None)
    reached = 0
    for subscription in subscriptions.select_related("organisation").order_by("pk"):
        # Only organisations near a threshold are looked at in detail.
        if _may_have_reached(subscription, busy[subscription.organisation_id]):
            reached += notify(subscription, now)
    return reached


@transaction.atomic
def notify(subscription: Subscription, now: datetime) -> bool:
    """Tell it, unless it was told in this period, or is blocked, which it knows."""
    organisation = subscription.organisation
    locks.lock_organisation(organisation.pk)
    allowance = billing.allowance(organisation, subscription, now)
    threshold = allowance.threshold
    if threshold is None or _was_told(organisation, threshold, allowance):
        return False
    if UsageBlock.objects.filter(organisation=organisation).exists():
        # A notice would prolong the block, and what clients were told of its end would become wrong.
        return False
    UsageNotice.objects.create(organisation=organisation, percent_usage=threshold, notified_at=now)
    events.record(SYSTEM, "usage.reached", organisation.pk, scope=organisation, after={"percent": threshold})
    usage_mails.send_notice(subscription, threshold)
    return True


def _calls(span: Span) -> dict[int, int]:
    """Calls of each organisation that made any. One statement and one look at the store."""
    owners = dict(Environment.objects.values_list("pk", "project__organisation_id"))
    calls: dict[int, int] = {}
    for environment_id, number in usage.by_environment(list(owners), span).items():
        calls[owners[environment_id]] = calls.get(owners[environment_id], 0) + number
    return calls


def _may_have_reached(subscription: Subscription, calls: int) -> bool:
    """The month of a term can have a day more than 30, hence the wider mesh."""
    return calls * 2 * billing.FULL >= plans.of(subscription).max_api_calls * billing.THRESHOLDS[0]


def _was_told(organisation: Organisation, threshold: int, allowance: Allowance) -> bool:
    return UsageNotice.objects.filter(
        organisation=organisation, percent_usage__gte=threshold, notified_at__gte=allowance.period.since
    ).exists()
