"""What an organisation's plan includes. Without billing nothing is limited, whatever the plan."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from vexil.controlplane.db.models import Environment, Membership, Organisation, Project, Subscription
from vexil.plans import FREE, Plan

_OWN_LIMITS = ("max_seats", "max_api_calls", "max_projects")
_CALLS_WHERE_NONE_ARE_SAID = 50_000


def has_billing() -> bool:
    return bool(settings.VEXIL.billing)


def names() -> list[str]:
    return [plan.name for plan in settings.VEXIL.plans.listed]


def of(subscription: Subscription) -> Plan:
    """The plan with what this organisation was given in its place. A plan that is configured no more has no limits."""
    unlimited = Plan(subscription.plan, max_api_calls=2**31 - 1, max_seats=2**31 - 1)
    own = {name: getattr(subscription, name) for name in _OWN_LIMITS if getattr(subscription, name) is not None}
    plan: Plan = replace(settings.VEXIL.plans.find(subscription.plan) or unlimited, **own)
    return plan if plan.max_api_calls else replace(plan, max_api_calls=_CALLS_WHERE_NONE_ARE_SAID)


def is_free(subscription: Subscription) -> bool:
    return subscription.plan == FREE


def limits(organisation_id: int) -> Plan | None:
    """What limits an organisation; None without billing. One statement with it."""
    if not has_billing():
        return None
    return of(Subscription.objects.get(organisation_id=organisation_id))


def has_seat(organisation: Organisation) -> bool:
    """Whether one more person fits in."""
    plan = limits(organisation.pk)
    return plan is None or Membership.objects.filter(organisation=organisation).count() < plan.max_seats


def has_room_for_project(organisation: Organisation) -> bool:
    plan = limits(organisation.pk)
    if plan is None or plan.max_projects is None:
        return True
    return Project.live.filter(organisation=organisation).count() < plan.max_projects


def audit_log_since(organisation_ids: Iterable[int], now: datetime) -> dict[int, datetime | None]:
    """Of each organisation, from when on its records are shown; None: all are. One statement with billing on."""
    ids = list(organisation_ids)
    since: dict[int, datetime | None] = dict.fromkeys(ids)
    if has_billing():
        for subscription in Subscription.objects.filter(organisation_id__in=ids):
            since[subscription.organisation_id] = _before(now, of(subscription).audit_log_visibility_days)
    return since


def history_since(environment: Environment, now: datetime) -> datetime | None:
    """The same for versions of features in an environment."""
    if not has_billing():
        return None
    plan = limits(environment.project.organisation_id)
    return _before(now, plan.feature_history_visibility_days) if plan else None


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)
