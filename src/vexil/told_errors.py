"""Which errors this process told clients of within the last hour, by their codes."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from vexil.metrics.families import ERRORS
from vexil.metrics.registry import registry

KEPT = timedelta(hours=1)
_PART_SECONDS = 60


class ErrorCount(NamedTuple):
    times: int
    last_at: datetime


class ToldErrors:
    """Counts by the minute, so that what is old goes; a process has few codes and keeps sixty minutes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: deque[tuple[int, dict[str, ErrorCount]]] = deque()

    def add(self, code: str, now: datetime | None = None) -> None:
        registry.count(ERRORS, code)
        now = now or datetime.now(UTC)
        number = int(now.timestamp()) // _PART_SECONDS
        with self._lock:
            if not self._parts or self._parts[-1][0] != number:
                self._parts.append((number, {}))
                self._forget(now)
            counts = self._parts[-1][1]
            counts[code] = ErrorCount(counts[code].times + 1 if code in counts else 1, now)

    def lately(self, now: datetime | None = None) -> dict[str, ErrorCount]:
        with self._lock:
            self._forget(now or datetime.now(UTC))
            return added(counts for _, counts in self._parts)

    def _forget(self, now: datetime) -> None:
        oldest = int((now - KEPT).timestamp()) // _PART_SECONDS
        while self._parts and self._parts[0][0] <= oldest:
            self._parts.popleft()


def added(parts: Iterable[Mapping[str, ErrorCount]]) -> dict[str, ErrorCount]:
    """All of them together."""
    found: dict[str, ErrorCount] = {}
    for counts in parts:
        for code, more in counts.items():
            known = found.get(code, ErrorCount(0, more.last_at))
            found[code] = ErrorCount(known.times + more.times, max(known.last_at, more.last_at))
    return found


told_errors = ToldErrors()
"""Those of this process, whichever plane told of them."""
