"""How near an organisation is to what its plan allows, for the banner of its pages. Only with billing."""

import time
from dataclasses import dataclass
from functools import lru_cache

from django.utils import timezone

from vexil.controlplane.dashboard.places import Place
from vexil.controlplane.db.models import Organisation, Subscription
from vexil.controlplane.queries import billing, plans

_PERCENT_MIN = 70
_KEPT_SECONDS = 300
_ORGANISATIONS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Alert:
    percent: int

    @property
    def is_used_up(self) -> bool:
        return self.percent >= billing.FULL


def of(place: Place | None) -> Alert | None:
    """Counted every five minutes, by three statements, and not for each page."""
    if place is None or not plans.has_billing():
        return None
    percent = _percent(place.organisation.pk, int(time.monotonic() / _KEPT_SECONDS))
    return Alert(percent) if percent >= _PERCENT_MIN else None


@lru_cache(_ORGANISATIONS_MAX)
def _percent(organisation_id: int, turn: int) -> int:  # noqa: ARG001 -- another turn, another count
    subscription = Subscription.objects.filter(organisation=organisation_id).first()
    if subscription is None:
        return 0
    return billing.allowance(Organisation(pk=organisation_id), subscription, timezone.now()).percent


forget = _percent.cache_clear
"""For tests, in which more happens in five minutes."""
