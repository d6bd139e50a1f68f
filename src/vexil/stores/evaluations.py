"""Counts of evaluated features, as SDKs report them, kept by the hour; and each environment's first evaluation."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class EvaluationKey(NamedTuple):
    """What a count is kept for. `hour` is the UTC hour's start; `sdk` is "" when the client is none we know."""

    environment_id: int
    feature_name: str
    hour: datetime
    enabled: bool | None
    """None when the client did not say."""
    sdk: str


class FirstEvaluation(NamedTuple):
    at: datetime
    sdk: str


class EvaluationStore(Protocol):
    def add(self, counts: Mapping[EvaluationKey, int]) -> None:
        """Add to what is kept, all in one transaction, on disk when it returns."""
        ...

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[EvaluationKey, int]:
        """Counts with `since <= hour < until`."""
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
