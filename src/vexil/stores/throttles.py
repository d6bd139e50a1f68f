"""Who sent how many requests lately: a log of the admitted ones per bucket, shared by all processes."""

from math import ceil
from typing import Protocol

from vexil.rates import Rate


class ThrottleStore(Protocol):
    def admit(self, bucket: str, rate: Rate) -> int:
        """0, and the request counts; or the whole seconds after which the next will be admitted."""
        ...

    def close(self) -> None: ...


def whole_seconds(microseconds: int) -> int:
    """Rounded up, so that whoever waits as long is admitted."""
    return ceil(microseconds / 1_000_000)
