"""Flags and what they can give: overrides, variants, and the environment that holds them compiled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from vexil.engine.hashing import percentage
from vexil.engine.subjects import Matcher, Subject

T = TypeVar("T")

_NONE_OVERRIDDEN: Mapping[int, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Variant(Generic[T]):
    """One outcome of a feature state and the percentage of keys that get it."""

    weight: float
    outcome: T


@dataclass(frozen=True, slots=True)
class Outcomes(Generic[T]):
    """What one feature state can give; `variants` in ascending priority."""

    default: T
    """For a subject that no variant takes: the control value."""
    variants: tuple[Variant[T], ...] = ()
    seed: str = ""
    _slices: tuple[tuple[float, float, T], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        start = 0.0
        slices = []
        for variant in self.variants:
            limit = variant.weight + start
            slices.append((start, limit, variant.outcome))
            start = limit
        object.__setattr__(self, "_slices", tuple(slices))

    def choose(self, subject_key: str | None) -> T:
        """The outcome for a key; without one, the default."""
        if subject_key is None or not self._slices:
            return self.default
        value = percentage((self.seed, subject_key))
        for start, limit, outcome in self._slices:
            if start <= value < limit:
                return outcome
        return self.default


@dataclass(frozen=True, slots=True)
class Override(Generic[T]):
    """What a flag gives inside a segment."""

    segment: int
    """Index into the environment's segments."""
    outcomes: Outcomes[T]


@dataclass(frozen=True, slots=True)
class Flag(Generic[T]):
    """A flag's default and its segment overrides, strongest first."""

    default: Outcomes[T]
    overrides: tuple[Override[T], ...] = ()


class Environment(Generic[T]):
    """The segments and flags of one environment, ready to be evaluated by many threads at once."""

    __slots__ = ("_constant", "_segments", "_varying")

    def __init__(self, segments: Sequence[Matcher], flags: Sequence[Flag[T]]) -> None:
        self._segments = tuple(segments)
        self._constant = [flag.default.default for flag in flags]
        self._varying = tuple(
            (index, flag.default, tuple((override.segment, override.outcomes) for override in flag.overrides))
            for index, flag in enumerate(flags)
            if flag.overrides or flag.default.variants
        )

    def evaluate(self, subject: Subject, overridden: Mapping[int, Outcomes[T]] = _NONE_OVERRIDDEN) -> list[T]:
        """One outcome per flag, in their order; `overridden` holds the identity's own overrides by flag index."""
        # Flags that are the same for everyone are copied at once; what varies is put in their place.
        results = self._constant.copy()
        segments = self._segments
        verdicts: list[bool | None] = [None] * len(segments)
        for index, outcomes, overrides in self._varying:
            if index in overridden:
                continue
            for segment, override in overrides:
                verdict = verdicts[segment]
                if verdict is None:
                    verdict = verdicts[segment] = segments[segment](subject)
                if verdict:
                    outcomes = override
                    break
            results[index] = outcomes.choose(subject.key) if outcomes.variants else outcomes.default
        for index, outcomes in overridden.items():
            results[index] = outcomes.choose(subject.key)
        return results


def matching_segments(segments: Sequence[Matcher], subject: Subject) -> list[int]:
    """The indexes of the segments that the subject is in, in ascending order."""
    return [index for index, matcher in enumerate(segments) if matcher(subject)]
