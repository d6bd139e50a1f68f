"""Counts of Flags API requests: added up in memory by the data plane, kept here by the hour and later by the day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class UsageKey(NamedTuple):
    """What a count is kept for; a label is "" when the client did not say, or is no SDK that we know."""

    environment_id: int
    resource: str
    """flags, identities, traits or environment-document."""
    hour: datetime
    """Start of the UTC hour; of the UTC day in what `UsageStore.fold` has been over, and in `UsageStore.by_day`."""
    sdk: str
    application: str = ""
    application_version: str = ""


class UsageStore(Protocol):
    def add(self, counts: Mapping[UsageKey, int]) -> None:
        """Add to what is kept, all in one transaction, on disk when it returns."""
        ...

    def totals(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        """Counts with `since <= hour < until`."""
        ...

    def by_day(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        """The same, added up by UTC day in the database."""
        ...

    def sums(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
        """Requests of each environment that had any, with `since <= hour < until`."""
        ...

    def fold(self, *, before: datetime, forget_before: datetime) -> None:
        """Keep days instead of hours before one midnight (UTC), and nothing before another. May be done again."""
        ...

    def close(self) -> None: ...
