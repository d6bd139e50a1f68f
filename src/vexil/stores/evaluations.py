"""Counts of evaluated features, as SDKs report them, kept by the hour and later by the day; and first evaluations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class EvaluationKey(NamedTuple):
    """What a count is kept for; a label is "" when the client did not say, or is no SDK that we know."""

    environment_id: int
    feature_name: str
    hour: datetime
    """Start of the UTC hour; of the UTC day in what was folded, and in `EvaluationStore.by_day`."""
    enabled: bool | None
    """None when the client did not say."""
    sdk: str
    application: str = ""
    application_version: str = ""


class FirstEvaluation(NamedTuple):
    at: datetime
    sdk: str


class EvaluationStore(Protocol):
    def add(self, counts: Mapping[EvaluationKey, int]) -> None:
        """Add to what is kept, all in one transaction, on disk when it returns."""
        ...

    def totals(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[EvaluationKey, int]:
        """Counts with `since <= hour < until`."""
        ...

    def by_day(
        self, environment_ids: Sequence[int], feature_name: str, since: datetime, until: datetime
    ) -> dict[EvaluationKey, int]:
        """Those of one feature, added up by UTC day in the database."""
        ...

    def last(self, environment_ids: Sequence[int], since: datetime) -> dict[tuple[int, str], datetime]:
        """By environment and feature name the last hour that has a count, `since` at the earliest."""
        ...

    def fold(self, *, before: datetime, forget_before: datetime) -> None:
        """Keep days instead of hours before one midnight (UTC), and nothing before another. May be done again."""
        ...

    def note_first(self, evaluations: Mapping[int, FirstEvaluation]) -> None:
        """Keep the first evaluation of each environment (by id); one that is kept already stays."""
        ...

    def first(self, environment_id: int) -> FirstEvaluation | None: ...

    def close(self) -> None: ...


_ENABLED = (False, True, None)


def enabled_number(enabled: bool | None) -> int:
    """As both databases keep it; a column of a primary key holds no NULL."""
    return _ENABLED.index(enabled)


def enabled_of_number(number: int) -> bool | None:
    return _ENABLED[number]
