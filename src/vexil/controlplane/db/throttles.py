"""Counting what somebody does against a rate."""

import structlog

from vexil.controlplane.db import stores
from vexil.rates import Rate
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)


def seconds_to_wait(bucket: str, rate: Rate | None) -> int:
    """0, and it counts; or after how many seconds it may be done again."""
    if rate is None:
        return 0
    try:
        return stores.current().throttles.admit(bucket, rate)
    except Unavailable as error:
        # Rather uncounted than down: what needs the same database fails by itself.
        log.warning("throttle.unavailable", error=str(error))
        return 0
