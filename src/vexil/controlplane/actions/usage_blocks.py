"""Blocking free organisations that use more than their allowance, and letting them in again (operations.md §8)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from vexil.controlplane.actions import events, locks, organisations, usage_mails
from vexil.controlplane.db.models import Organisation, Subscription, UsageBlock, UsageNotice
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import billing, plans

GRACE = timedelta(days=7)
LASTS = timedelta(days=30)


def block_all(now: datetime) -> int:
    """Block whoever is over the allowance and past the days of grace; the number of blocks."""
    warned = UsageNotice.objects.filter(percent_usage__gte=billing.FULL, notified_at__gt=now - LASTS)
    free = Subscription.objects.filter(organisation__in=warned.values("organisation"), organisation__deleted_at=None)
    candidates = free.filter(organisation__usage_block=None, organisation__stop_serving_flags=False)
    return sum(block(row, now) for row in candidates.select_related("organisation").order_by("pk"))


@transaction.atomic
def block(subscription: Subscription, now: datetime) -> bool:
    organisation = _locked(subscription)
    newest = _newest_warning(organisation, now)
    is_blocked = organisation.stop_serving_flags or UsageBlock.objects.filter(organisation=organisation).exists()
    if newest is None or is_blocked or not plans.is_free(subscription):
        return False
    if subscription.breached_at is None and not _grace_is_over(organisation, now):
        return False
    if billing.allowance(organisation, subscription, now).percent < billing.FULL:
        return False
    subscription.breached_at = now
    subscription.save(update_fields=["breached_at"])
    UsageBlock.objects.create(organisation=organisation, blocked_at=now, lapses_at=newest.notified_at + LASTS)
    config = settings.VEXIL
    changes = {"stop_serving_flags": config.blocks_serving, "block_access_to_admin": config.blocks_admin}
    organisations.update(organisation, by=SYSTEM, **changes)
    events.record(SYSTEM, "organisation.blocked", organisation.pk, scope=organisation)
    usage_mails.send_block(organisation)
    return True


def unblock_all(now: datetime) -> int:
    """End the blocks that have lapsed; the number of them."""
    lapsed = UsageBlock.objects.filter(lapses_at__lte=now).select_related("organisation").order_by("pk")
    return sum(unblock(row.organisation, by=SYSTEM) for row in lapsed)


@transaction.atomic
def unblock(organisation: Organisation, *, by: Actor) -> bool:
    """End a block by usage, if there is one. A stop by hand stays."""
    locks.lock_organisation(organisation.pk)
    deleted, _ = UsageBlock.objects.filter(organisation=organisation).delete()
    if not deleted:
        return False
    # Read again: its block must not be remembered.
    row = Organisation.objects.get(pk=organisation.pk)
    organisations.update(row, by=by, stop_serving_flags=False, block_access_to_admin=False)
    events.record(by, "organisation.unblocked", organisation.pk, scope=organisation)
    return True


@transaction.atomic
def set_serving(organisation: Organisation, *, serves: bool, by: Actor) -> None:
    """Stop or resume serving by hand. A block by usage gives way to either."""
    locks.lock_organisation(organisation.pk)
    UsageBlock.objects.filter(organisation=organisation).delete()
    organisations.update(Organisation.objects.get(pk=organisation.pk), by=by, stop_serving_flags=not serves)


def _locked(subscription: Subscription) -> Organisation:
    locks.lock_organisation(subscription.organisation_id)
    subscription.refresh_from_db()
    return Organisation.objects.get(pk=subscription.organisation_id)


def _newest_warning(organisation: Organisation, now: datetime) -> UsageNotice | None:
    return _warnings(organisation, now).order_by("-notified_at").first()


def _grace_is_over(organisation: Organisation, now: datetime) -> bool:
    return _warnings(organisation, now).filter(notified_at__lte=now - GRACE).exists()


def _warnings(organisation: Organisation, now: datetime) -> "QuerySet[UsageNotice]":
    return UsageNotice.objects.filter(
        organisation=organisation, percent_usage__gte=billing.FULL, notified_at__gt=now - LASTS
    )
