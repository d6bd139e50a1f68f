"""Counts of Flags API requests: added up in memory by the data plane, kept here by the hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class UsageKey(NamedTuple):
    """What a count is kept for. `hour` is the UTC hour's start; `sdk` is "" when the client is none we know."""

    environment_id: int
    resource: str
    """flags, identities, traits or environment-document."""
    hour: datetime
    sdk: str


class UsageStore(Protocol):
    def add(self, counts: Mapping[UsageKey, int]) -> None:
        """Add to what is kept, all in one transaction, on disk when it returns."""
        ...

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        """Counts with `since <= hour < until`."""
        ...

    def close(self) -> None: ...
