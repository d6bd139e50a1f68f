"""How long counts of requests and evaluations are kept, and how finely."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from vexil.controlplane.db import stores
from vexil.controlplane.queries import plans

_HOURLY_DAYS_BILLED = 32
_DAILY_DAYS_BILLED = 62
"""Billing asks for the hours of a month, and for the days of two."""


def fold(now: datetime) -> None:
    """Keep days in place of older hours, and forget what is too old. May be done at any time, and again."""
    hourly, daily = settings.VEXIL.hourly_usage_days, settings.VEXIL.daily_usage_days
    if plans.has_billing():
        hourly, daily = max(hourly, _HOURLY_DAYS_BILLED), max(daily, _DAILY_DAYS_BILLED)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    oldest = midnight - timedelta(days=daily)
    before = max(oldest, midnight - timedelta(days=hourly))
    for store in (stores.current().usage, stores.current().evaluations):
        store.fold(before=before, forget_before=oldest)
