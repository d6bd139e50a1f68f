"""Counts requests in memory and hands them to the store once a second and at shutdown (sdk-api.md §1.8)."""

import asyncio
import threading
from collections import Counter
from datetime import UTC, datetime

import structlog

from vexil.stores.unavailable import Unavailable
from vexil.stores.usage import UsageKey, UsageStore

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 1.0
_LABELS_REMEMBERED_MAX = 10_000
_KNOWN_SDKS = frozenset(
    f"flagsmith-{name}-sdk"
    for name in (
        "dotnet", "elixir", "flutter", "go", "java", "js", "kotlin-android",
        "nodejs", "php", "python", "ruby", "rust", "swift-ios",
    )
)  # fmt: skip


class UsageCounter:
    """`count` costs a dict look-up; once a second the sums are written. While the store is away, sums wait."""

    def __init__(self, store: UsageStore) -> None:
        self._store = store
        self._counts: Counter[tuple[int, str, str]] = Counter()
        self._labels: dict[str, str] = {}
        self._waiting: Counter[UsageKey] = Counter()
        self._writing = threading.Lock()

    def count(self, environment_id: int, resource: str, user_agent: str | None) -> None:
        """Called on the event loop only, as is `_take`: so no request is lost between two threads."""
        label = self._labels.get(user_agent or "")
        if label is None:
            label = self._remember(user_agent or "")
        self._counts[environment_id, resource, label] += 1

    async def flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            counts = self._take()
            await asyncio.to_thread(self._write, counts)

    def flush(self) -> None:
        """Write what is left, at shutdown."""
        self._write(self._take())

    def _remember(self, user_agent: str) -> str:
        if len(self._labels) >= _LABELS_REMEMBERED_MAX:
            self._labels.clear()
        label = self._labels[user_agent] = sdk_label(user_agent)
        return label

    def _take(self) -> Counter[tuple[int, str, str]]:
        counts, self._counts = self._counts, Counter()
        return counts

    def _write(self, counts: Counter[tuple[int, str, str]]) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        with self._writing:
            for (environment_id, resource, label), number in counts.items():
                self._waiting[UsageKey(environment_id, resource, hour, label)] += number
            if not self._waiting:
                return
            try:
                self._store.add(self._waiting)
            except Unavailable:
                log.warning("usage.delayed", counts=len(self._waiting))
            else:
                self._waiting.clear()


def sdk_label(user_agent: str) -> str:
    """`<name>/<version>` of an SDK that we know, else nothing."""
    name, _, version = user_agent.partition("/")
    if name not in _KNOWN_SDKS:
        return ""
    return f"{name}/{version[:50] or 'unknown'}"
