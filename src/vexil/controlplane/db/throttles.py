"""Counting what somebody does against a rate."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings

from vexil.controlplane.db import stores
from vexil.rates import Rate
from vexil.stores.throttles import Admission
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)


_ADDRESS_CHARACTERS_MAX = 64


def client_address(meta: Mapping[str, Any]) -> str:
    """Of a request's `META`: what the outermost of NUM_PROXIES proxies saw."""
    forwarded = [part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    proxies = min(settings.VEXIL.num_proxies, len(forwarded))
    address = forwarded[-proxies] if proxies else meta.get("REMOTE_ADDR", "")
    return str(address)[:_ADDRESS_CHARACTERS_MAX]


def seconds_to_wait(bucket: str, rate: Rate | None) -> int:
    """0, and it counts; or after how many seconds it may be done again."""
    admission = admit(bucket, rate)
    return admission.wait_seconds if admission else 0


def admit(bucket: str, rate: Rate | None) -> Admission | None:
    """The same with how often it may be done besides; None where nothing is counted."""
    if rate is None:
        return None
    try:
        return stores.current().throttles.admit(bucket, rate)
    except Unavailable as error:
        # Rather uncounted than down: what needs the same database fails by itself.
        log.warning("throttle.unavailable", error=str(error))
        return None
