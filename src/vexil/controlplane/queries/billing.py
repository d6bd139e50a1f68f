"""Periods of plans, and how much of its allowance an organisation has used in one."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from vexil.controlplane.db.models import Organisation, Subscription, UsageNotice
from vexil.controlplane.queries import plans, usage
from vexil.controlplane.queries.usage import Span

ROLLING = timedelta(days=30)
THRESHOLDS = (75, 90, 100, 120, 200, 300, 400, 500)
FULL = 100


class NoBillingPeriod(Exception):
    """The organisation is not on a paid plan whose months run."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls an organisation may make in a period, and how many it made so far."""

    period: Span
    used: int
    allowed: int

    @property
    def percent(self) -> int:
        return FULL * self.used // self.allowed

    @property
    def threshold(self) -> int | None:
        """The highest of the thresholds that is reached."""
        return max((value for value in THRESHOLDS if value <= self.percent), default=None)


def allowance(organisation: Organisation, subscription: Subscription, now: datetime) -> Allowance:
    """Two statements at most, and one look at the store."""
    span = period(subscription, now)
    return Allowance(span, usage.of_organisation(organisation, span) or 0, plans.of(subscription).max_api_calls)


def period(subscription: Subscription, now: datetime) -> Span:
    """The month of a paid plan's term, otherwise the last 30 days."""
    try:
        return Span(current_month(subscription, now).since, now)
    except NoBillingPeriod:
        return Span(now - ROLLING, now)


def current_month(subscription: Subscription, now: datetime) -> Span:
    """Raise `NoBillingPeriod` for free and cancelled plans, and for those without a term."""
    start = subscription.term_starts_at
    is_over = subscription.cancelled_at is not None and subscription.cancelled_at <= now
    if plans.is_free(subscription) or is_over or start is None or start > now:
        raise NoBillingPeriod
    months = (now.year - start.year) * 12 + now.month - start.month
    if months_after(start, months) > now:
        months -= 1
    return Span(months_after(start, months), months_after(start, months + 1))


def previous_month(subscription: Subscription, now: datetime) -> Span:
    """The month before, which may lie before the term."""
    current = current_month(subscription, now)
    start = subscription.term_starts_at
    assert start is not None
    months = (current.since.year - start.year) * 12 + current.since.month - start.month
    return Span(months_after(start, months - 1), current.since)


def newest_notice(subscription: Subscription, now: datetime) -> QuerySet[UsageNotice]:
    """What the organisation was told last in the current period, if anything."""
    notices = UsageNotice.objects.filter(organisation_id=subscription.organisation_id)
    newest = notices.filter(notified_at__gte=period(subscription, now).since).order_by("-notified_at", "-pk")[:1]
    return UsageNotice.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).order_by("pk")


def months_after(moment: datetime, months: int) -> datetime:
    """The same day of another month, or that month's last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
