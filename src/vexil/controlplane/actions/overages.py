"""Charging paid plans for what goes beyond their allowance (operations.md §8)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Sum

from vexil.controlplane.actions import events, locks
from vexil.controlplane.db.models import Organisation, OverageCharge, Subscription
from vexil.controlplane.permissions import SYSTEM
from vexil.controlplane.queries import billing, plans, usage
from vexil.controlplane.queries.billing import NoBillingPeriod

log = structlog.get_logger(__name__)

PACK_CALLS = 100_000
_WAIVED_BELOW_PERCENT = 200
_LAST_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be charged now."""

    organisation: Organisation
    month_starts_at: datetime
    packs: int


Charging = Callable[[Charge], None]


def write_down(charge: Charge) -> None:
    """The hook of an installation without a billing provider: the charge is a row, and a line of the log."""
    log.info("overage.charged", organisation_id=charge.organisation.pk, packs=charge.packs)


def charge_all(now: datetime, *, charging: Charging = write_down) -> int:
    """Charge those whose month ends within the hour; the number of charges. May be done again."""
    paid = Subscription.objects.filter(term_starts_at__isnull=False, organisation__deleted_at=None)
    return sum(charge(row, now, charging=charging) for row in paid.select_related("organisation").order_by("pk"))


@transaction.atomic
def charge(subscription: Subscription, now: datetime, *, charging: Charging = write_down) -> bool:
    """Charge the packs not charged yet, if any. Where `charging` fails, they stay to be charged."""
    try:
        month = billing.current_month(subscription, now)
    except NoBillingPeriod:
        return False
    if month.until - now > _LAST_HOUR:
        return False
    organisation = subscription.organisation
    locks.lock_organisation(organisation.pk)
    subscription.refresh_from_db()
    used = usage.of_organisation(organisation, month) or 0
    allowed = plans.of(subscription).max_api_calls
    packs = _packs(organisation, month.since, used - allowed)
    if packs <= 0 or _is_waived(subscription, month.since, billing.Allowance(month, used, allowed).percent):
        return False
    due = Charge(organisation, month.since, packs)
    OverageCharge.objects.create(organisation=organisation, month_starts_at=month.since, packs=packs, charged_at=now)
    events.record(SYSTEM, "overage.charged", organisation.pk, scope=organisation, after={"packs": packs})
    charging(due)
    return True


def _packs(organisation: Organisation, month_starts_at: datetime, over: int) -> int:
    charges = OverageCharge.objects.filter(organisation=organisation, month_starts_at=month_starts_at)
    charged = charges.aggregate(packs=Sum("packs"))["packs"] or 0
    return -(-(over - charged * PACK_CALLS) // PACK_CALLS)


def _is_waived(subscription: Subscription, month_starts_at: datetime, percent: int) -> bool:
    """Whether this is the first month above the allowance, and below twice of it; it is remembered."""
    if percent >= _WAIVED_BELOW_PERCENT:
        return False
    if subscription.overage_waived_at is None:
        subscription.overage_waived_at = month_starts_at
        subscription.save(update_fields=["overage_waived_at"])
    return subscription.overage_waived_at == month_starts_at
