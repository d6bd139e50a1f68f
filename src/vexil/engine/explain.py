"""Why a flag has its value: the same decisions as `Environment.evaluate`, with every step told.

Slow on purpose: each rule and condition is looked at, also where the evaluation would have stopped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vexil.engine.coercion import ContextValue, text_of
from vexil.engine.flags import Flag, Outcomes
from vexil.engine.hashing import percentage
from vexil.engine.segments import ConditionLike, RuleLike, compile_condition, compile_segment
from vexil.engine.subjects import Subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """One condition and what it saw."""

    condition: ConditionLike
    actual: ContextValue
    """The property's value as the operator takes it; None where there is none."""
    bucket: float | None
    """Of a percentage split: where the subject falls between 0 and 100."""
    is_met: bool


@dataclass(frozen=True, slots=True)
class SegmentTrace:
    is_matched: bool
    deciding: ConditionTrace | None
    """The condition that made it match, or kept it from matching; None for a segment that never can match."""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule with all that it is made of, whether or not it was decisive."""

    type: str
    is_met: bool
    conditions: tuple[ConditionTrace, ...]
    rules: tuple["RuleTrace", ...]


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """One thing that could have decided a flag, and what it gives or would have given."""

    segment: int | None
    """Index of the segment of a segment override; None for the identity's own override and for the default."""
    is_own: bool
    applies: bool
    outcome: T
    bucket: float | None
    """Where the subject's key falls between 0 and 100, if that chooses a variant."""


@dataclass(frozen=True, slots=True)
class FlagTrace(Generic[T]):
    """The strongest candidate first; the first that applies decides."""

    candidates: tuple[Candidate[T], ...]

    @property
    def deciding(self) -> Candidate[T]:
        return next(candidate for candidate in self.candidates if candidate.applies)


def explain_flag(
    flag: Flag[T], own: Outcomes[T] | None, subject: Subject, is_in_segment: Callable[[int], bool]
) -> FlagTrace[T]:
    """`own` is the identity's own override, if it has one."""
    candidates = [_candidate(own, subject, applies=True, is_own=True)] if own else []
    candidates += [
        _candidate(override.outcomes, subject, applies=is_in_segment(override.segment), segment=override.segment)
        for override in flag.overrides
    ]
    return FlagTrace((*candidates, _candidate(flag.default, subject, applies=True)))


def _candidate(
    outcomes: Outcomes[T], subject: Subject, *, applies: bool, segment: int | None = None, is_own: bool = False
) -> Candidate[T]:
    has_bucket = bool(outcomes.variants) and subject.key is not None
    bucket = percentage((outcomes.seed, subject.key or "")) if has_bucket else None
    return Candidate(segment, is_own, applies, outcomes.choose(subject.key), bucket)


def explain_segment(key: str, rules: Sequence[RuleLike], subject: Subject) -> SegmentTrace:
    """Whether the subject is in the segment, and the condition that decided it."""
    is_matched = compile_segment(key, rules)(subject)
    if not rules:
        return SegmentTrace(is_matched, None)
    try:
        _, deciding = _every([_explained_rule(key, rule, subject) for rule in rules])
    except RecursionError:  # nested deeper than Python can follow: such a segment never matches
        deciding = None
    return SegmentTrace(is_matched, deciding)


def explain_rules(key: str, rules: Sequence[RuleLike], subject: Subject) -> tuple[RuleTrace, ...]:
    """Every rule and condition with what it saw; a segment matches if there are rules and all are met."""
    return tuple(
        RuleTrace(
            rule.type,
            compile_segment(key, [rule])(subject),
            tuple(_condition_trace(key, condition, subject) for condition in rule.conditions),
            explain_rules(key, rule.rules, subject),
        )
        for rule in rules
    )


_Verdict = tuple[bool, ConditionTrace | None]


def _explained_rule(key: str, rule: RuleLike, subject: Subject) -> _Verdict:
    quantifier = _QUANTIFIERS.get(rule.type)
    if quantifier is None:
        return False, None
    conditions = [_explained_condition(key, condition, subject) for condition in rule.conditions]
    rules = [_explained_rule(key, sub_rule, subject) for sub_rule in rule.rules]
    return _every([quantifier(verdicts) for verdicts in (conditions, rules) if verdicts])


def _explained_condition(key: str, condition: ConditionLike, subject: Subject) -> _Verdict:
    trace = _condition_trace(key, condition, subject)
    return trace.is_met, trace


def _condition_trace(key: str, condition: ConditionLike, subject: Subject) -> ConditionTrace:
    name = condition.property or ""
    actual = subject[name] if name else None
    is_met = compile_condition(key, condition)(subject)
    return ConditionTrace(condition, actual, _bucket(key, condition, actual, subject), is_met)


def _bucket(key: str, condition: ConditionLike, actual: ContextValue, subject: Subject) -> float | None:
    if condition.operator != "PERCENTAGE_SPLIT":
        return None
    text = text_of(actual) if condition.property else subject.key
    return None if text is None else percentage((key, text))


def _every(verdicts: Sequence[_Verdict]) -> _Verdict:
    """The first that is not met decides; if all are, the last one completed it."""
    return next((verdict for verdict in verdicts if not verdict[0]), verdicts[-1] if verdicts else (True, None))


def _any(verdicts: Sequence[_Verdict]) -> _Verdict:
    return next((verdict for verdict in verdicts if verdict[0]), verdicts[-1])


def _none(verdicts: Sequence[_Verdict]) -> _Verdict:
    is_any, deciding = _any(verdicts)
    return not is_any, deciding


_QUANTIFIERS: Mapping[str, Callable[[Sequence[_Verdict]], _Verdict]] = {"ALL": _every, "ANY": _any, "NONE": _none}
