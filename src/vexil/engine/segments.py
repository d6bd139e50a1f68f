"""Segments compiled to functions: nested rules become nested closures, rules of one member vanish."""

from collections.abc import Callable, Sequence
from typing import Protocol

from vexil.engine import operators
from vexil.engine.operators import Warn, never
from vexil.engine.properties import PATH_PREFIX, path_reader
from vexil.engine.subjects import Matcher, Subject

_ORDINARY_DEPTH = 50


class ConditionLike(Protocol):
    @property
    def operator(self) -> str: ...
    @property
    def value(self) -> str | list[str] | None: ...
    @property
    def property(self) -> str | None: ...  # last: it hides the decorator


class RuleLike(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def conditions(self) -> "Sequence[ConditionLike]": ...
    @property
    def rules(self) -> "Sequence[RuleLike]": ...


def _say_nothing(message: str) -> None:
    """The engine does not log; its caller may."""


def compile_segment(key: str, rules: Sequence[RuleLike], warn: Warn = _say_nothing) -> Matcher:
    """What tells whether a subject is in the segment; `warn` hears of what cannot run and thus never matches."""
    if not rules:
        return never
    try:
        matcher = _every([_rule(key, rule, warn) for rule in rules])
    except RecursionError:
        warn("the rules are nested too deeply to run: the segment never matches")
        return never
    return matcher if _depth(rules) <= _ORDINARY_DEPTH else _within_the_stack(matcher)


def _rule(key: str, rule: RuleLike, warn: Warn) -> Matcher:
    quantifier = _QUANTIFIERS.get(rule.type)
    if quantifier is None:
        return never
    conditions = [compile_condition(key, condition, warn) for condition in rule.conditions]
    rules = [_rule(key, sub_rule, warn) for sub_rule in rule.rules]
    return _every([quantifier(matchers) for matchers in (conditions, rules) if matchers])


def compile_condition(key: str, condition: ConditionLike, warn: Warn = _say_nothing) -> Matcher:
    """What tells whether a subject meets one condition of the segment with this key."""
    name, value = condition.property or "", condition.value
    if name.startswith(PATH_PREFIX):
        path_reader(name)  # parses the path now rather than in a request
    if build_bare := _WITHOUT_VALUE.get(condition.operator):
        return build_bare(name)
    if value is None:
        return never
    if condition.operator == "IN":
        return operators.is_in(name, value)
    if isinstance(value, list):
        return never
    return _with_text(key, condition.operator, name, value, warn)


def _with_text(key: str, operator: str, name: str, value: str, warn: Warn) -> Matcher:
    if operator == "PERCENTAGE_SPLIT":
        return operators.percentage_split(name, value, key)
    if operator == "REGEX":
        return operators.regex(name, value, warn)
    build = operators.WITH_TEXT.get(operator)
    return build(name, value) if build else never


_WITHOUT_VALUE: dict[str, Callable[[str], Matcher]] = {
    "IS_SET": operators.is_set,
    "IS_NOT_SET": operators.is_not_set,
}


def _every(matchers: Sequence[Matcher]) -> Matcher:
    if len(matchers) == 1:
        return matchers[0]
    if len(matchers) == 2:
        first, second = matchers
        return lambda subject: first(subject) and second(subject)

    def matches(subject: Subject) -> bool:
        for matcher in matchers:  # noqa: SIM110 -- all() over a generator takes twice the time
            if not matcher(subject):
                return False
        return True

    return matches


def _any(matchers: Sequence[Matcher]) -> Matcher:
    if len(matchers) == 1:
        return matchers[0]
    if len(matchers) == 2:
        first, second = matchers
        return lambda subject: first(subject) or second(subject)

    def matches(subject: Subject) -> bool:
        for matcher in matchers:  # noqa: SIM110 -- as above
            if matcher(subject):
                return True
        return False

    return matches


def _none(matchers: Sequence[Matcher]) -> Matcher:
    any_matches = _any(matchers)
    return lambda subject: not any_matches(subject)


_QUANTIFIERS: dict[str, Callable[[Sequence[Matcher]], Matcher]] = {"ALL": _every, "ANY": _any, "NONE": _none}


def _depth(rules: Sequence[RuleLike]) -> int:
    depth = 0
    while rules:
        depth += 1
        rules = [sub_rule for rule in rules for sub_rule in rule.rules]
    return depth


def _within_the_stack(matcher: Matcher) -> Matcher:
    """A matcher of unusual depth: if Python's stack is too short for it, it does not match."""

    def matches(subject: Subject) -> bool:
        try:
            return matcher(subject)
        except RecursionError:
            return False

    return matches
