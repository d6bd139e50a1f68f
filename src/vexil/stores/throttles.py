"""Who sent how many requests lately: a log of the admitted ones per bucket, shared by all processes."""

from math import ceil
from typing import NamedTuple, Protocol

from vexil.rates import Rate


class Admission(NamedTuple):
    """What becomes of a request."""

    wait_seconds: int
    """0: it counts. Else the whole seconds after which the next will be admitted."""
    left: int
    """How many more would be admitted at once."""


class ThrottleStore(Protocol):
    def admit(self, bucket: str, rate: Rate) -> Admission: ...

    def close(self) -> None: ...


def whole_seconds(microseconds: int) -> int:
    """Rounded up, so that whoever waits as long is admitted."""
    return ceil(microseconds / 1_000_000)
