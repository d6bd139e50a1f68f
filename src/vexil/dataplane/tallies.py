"""Counts that add up in memory and are handed to a store in batches."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

Counted = TypeVar("Counted")
Kept = TypeVar("Kept")


class Tally(Generic[Counted, Kept]):
    """Adding costs a dict look-up; `write` hands the sums to the store. While the store is away, sums wait.

    `counts` is added to on the event loop only, where `take` is called, too: so nothing is lost between two threads.
    """

    def __init__(
        self, name: str, keep: Callable[[Mapping[Kept, int]], None], kept_as: Callable[[Counted, datetime], Kept]
    ) -> None:
        self._name = name
        self._keep = keep
        self._kept_as = kept_as
        self.counts: Counter[Counted] = Counter()
        self._waiting: Counter[Kept] = Counter()
        self._writing = threading.Lock()

    def take(self) -> Counter[Counted]:
        counts, self.counts = self.counts, Counter()
        return counts

    def write(self, counts: Mapping[Counted, int]) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        with self._writing:
            for counted, number in counts.items():
                self._waiting[self._kept_as(counted, hour)] += number
            if not self._waiting:
                return
            try:
                self._keep(self._waiting)
            except Unavailable:
                log.warning("counts.delayed", of=self._name, counts=len(self._waiting))
            except Exception:
                # The outermost point of a flush: what is counted next must not be lost with it.
                log.exception("counts.failed", of=self._name, counts=len(self._waiting))
            else:
                self._waiting.clear()
