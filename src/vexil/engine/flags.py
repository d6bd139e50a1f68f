"""Flags and what they can give: overrides, variants, and the environment that holds them compiled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from vexil.engine.hashing import encoded, percentage_of
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
    slices: tuple[tuple[float, float, T], ...] = field(init=False, repr=False, compare=False)
    prefix: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        start = 0.0
        slices = []
        for variant in self.variants:
            limit = variant.weight + start
            slices.append((start, limit, variant.outcome))
            start = limit
        object.__setattr__(self, "slices", tuple(slices))
        object.__setattr__(self, "prefix", encoded(self.seed) + b",")

    def choose(self, subject_key: str | None) -> T:
        """The outcome for a key; without one, the default."""
        return self.choose_encoded(None if subject_key is None else encoded(subject_key))

    def choose_encoded(self, subject_key: bytes | None) -> T:
        if subject_key is None or not self.slices:
            return self.default
        value = percentage_of(self.prefix + subject_key)
        for start, limit, outcome in self.slices:
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

    __slots__ = ("_alone", "_constant", "_entangled", "_segments", "_split", "_varying")

    def __init__(self, segments: Sequence[Matcher], flags: Sequence[Flag[T]]) -> None:
        self._segments = tuple(segments)
        self._constant = [flag.default.default for flag in flags]
        self._varying = tuple(
            _Varying(index, flag.default, tuple((override.segment, override.outcomes) for override in flag.overrides))
            for index, flag in enumerate(flags)
            if flag.overrides or flag.default.variants
        )
        # The same again, by how little it takes to decide: most flags have one override or none.
        uses = Counter(segment for flag in self._varying for segment, _ in flag.overrides)
        self._split = tuple(
            (flag.position, flag.default.prefix, flag.default.slices) for flag in self._varying if not flag.overrides
        )
        self._alone = tuple(
            (flag.position, self._segments[segment], outcomes.default)
            for flag in self._varying
            if len(flag.overrides) == 1 and not flag.default.variants
            for segment, outcomes in flag.overrides
            if uses[segment] == 1 and not outcomes.variants
        )
        decided = {index for index, *_ in (*self._split, *self._alone)}
        self._entangled = tuple(flag for flag in self._varying if flag.position not in decided)

    def evaluate(self, subject: Subject, overridden: Mapping[int, Outcomes[T]] = _NONE_OVERRIDDEN) -> list[T]:
        """One outcome per flag, in their order; `overridden` holds the identity's own overrides by flag index."""
        # Flags that are the same for everyone are copied at once; what varies is put in their place.
        results = self._constant.copy()
        key = subject.encoded_key
        if overridden:
            self._decide([flag for flag in self._varying if flag.position not in overridden], subject, results)
            for index, outcomes in overridden.items():
                results[index] = outcomes.choose_encoded(key)
            return results
        for index, matches, outcome in self._alone:
            if matches(subject):
                results[index] = outcome
        if key is not None:
            for index, prefix, slices in self._split:
                value = percentage_of(prefix + key)
                for start, limit, outcome in slices:
                    if start <= value < limit:
                        results[index] = outcome
                        break
        if self._entangled:
            self._decide(self._entangled, subject, results)
        return results

    def _decide(self, flags: "Sequence[_Varying[T]]", subject: Subject, results: list[T]) -> None:
        """Evaluate a segment once, and only if a flag hangs on it."""
        segments, key = self._segments, subject.encoded_key
        verdicts: list[bool | None] = [None] * len(segments)
        for index, outcomes, overrides in flags:
            for segment, override in overrides:
                verdict = verdicts[segment]
                if verdict is None:
                    verdict = verdicts[segment] = segments[segment](subject)
                if verdict:
                    outcomes = override
                    break
            results[index] = outcomes.choose_encoded(key) if outcomes.variants else outcomes.default


class _Varying(NamedTuple, Generic[T]):
    """A flag that not everyone gets alike: where it stands, its default, overrides by the index of their segment."""

    position: int
    default: Outcomes[T]
    overrides: tuple[tuple[int, Outcomes[T]], ...]


def matching_segments(segments: Sequence[Matcher], subject: Subject) -> list[int]:
    """The indexes of the segments that the subject is in, in ascending order."""
    return [index for index, matcher in enumerate(segments) if matcher(subject)]
