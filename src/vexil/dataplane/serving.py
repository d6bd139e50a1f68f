"""Whether an organisation's flags are served."""

import math
import time
from datetime import UTC, datetime

from vexil.dataplane import errors
from vexil.wire.snapshot import Organisation


def check(organisation: Organisation) -> None:
    """Raise the refusal of a stop: by hand 403; by usage 429, until the block lapses, which needs no news of it."""
    if not organisation.stop_serving_flags:
        return
    if organisation.blocked_until is None:
        raise errors.not_serving()
    seconds = math.ceil(organisation.blocked_until - time.time())
    if seconds > 0:
        raise errors.over_allowance(seconds, datetime.fromtimestamp(organisation.blocked_until, UTC))
