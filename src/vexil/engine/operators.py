"""The operators of a condition (evaluation.md §4.2), each built once into a function of the subject.

Whatever hangs on the condition's value alone (casts, sets, compiled patterns) is done while building; a value
that can never match is built into `never`.
"""

import json
import operator
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from semver import Version

from vexil.engine.coercion import text_of
from vexil.engine.hashing import encoded, percentage_of
from vexil.engine.patterns import UnsupportedPatternError, compile_pattern
from vexil.engine.subjects import Matcher, Subject

Value = str | list[str]
Warn = Callable[[str], None]
Build = Callable[[str, str], Matcher]
_Compare = Callable[[Any, Any], bool]

_SEMVER_SUFFIX = ":semver"


def never(_: Subject) -> bool:
    return False


def is_set(name: str) -> Matcher:
    return lambda subject: subject[name] is not None


def is_not_set(name: str) -> Matcher:
    return lambda subject: subject[name] is None


def is_in(name: str, value: Value) -> Matcher:
    texts = _texts(value)

    def matches(subject: Subject) -> bool:
        actual = subject[name]
        # Not `isinstance`: True is an int too, but never a member.
        return (text_of(actual) if type(actual) is int else actual) in texts

    return matches


def _texts(value: Value) -> frozenset[str]:
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return frozenset(value.split(",") if isinstance(value, str) else map(str, value))


def percentage_split(name: str, value: str, segment_key: str) -> Matcher:
    """Match a share of all values of the property, or of all identities if no property is named."""
    try:
        share = float(value)
    except ValueError:
        return never

    prefix = encoded(segment_key) + b","

    def by_identity(subject: Subject) -> bool:
        key = subject.encoded_key
        return key is not None and percentage_of(prefix + key) <= share

    def by_property(subject: Subject) -> bool:
        text = text_of(subject[name])
        return text is not None and percentage_of(prefix + encoded(text)) <= share

    return by_property if name else by_identity


def regex(name: str, value: str, warn: Warn) -> Matcher:
    try:
        pattern = compile_pattern(value)
    except UnsupportedPatternError as error:
        warn(f"a pattern cannot run and never matches: {error}")
        return never

    condition = (name, value)

    def matches(subject: Subject) -> bool:
        # Segments often share a pattern, and running one takes 1.5 µs.
        verdict = subject.verdicts.get(condition)
        if verdict is None:
            text = text_of(subject[name])
            verdict = subject.verdicts[condition] = text is not None and pattern(text)
        return verdict

    return matches


def _comparison(compare: _Compare) -> Build:
    def build(name: str, value: str) -> Matcher:
        if value.endswith(_SEMVER_SUFFIX):
            return _semver_comparison(name, value, compare)
        operands = _operands(value)

        def matches(subject: Subject) -> bool:
            actual = subject[name]
            operand = operands.get(type(actual))
            return operand is not None and compare(actual, operand)

        return matches

    return build


def _operands(value: str) -> dict[type, object]:
    """The condition's value for each type that it can be compared with."""
    # compat: anything but these two texts is true, "0" and "" as well.
    operands: dict[type, object] = {str: value, bool: value not in {"False", "false"}}
    for cast in (int, float):
        with suppress(ValueError):
            operands[cast] = cast(value)
    return operands


def _semver_comparison(name: str, value: str, compare: _Compare) -> Matcher:
    operands = _operands(value)
    version = _version(value.removesuffix(_SEMVER_SUFFIX))

    def matches(subject: Subject) -> bool:
        actual = subject[name]
        if not isinstance(actual, str):
            operand = operands.get(type(actual))
            return operand is not None and compare(actual, operand)
        own = _version(actual)
        try:
            return version is not None and own is not None and compare(own, version)
        except ValueError:  # a pre-release number of more digits than Python converts
            return False

    return matches


@lru_cache(maxsize=4096)
def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except ValueError:
        return None


def _contains(name: str, value: str) -> Matcher:
    def matches(subject: Subject) -> bool:
        actual = subject[name]
        return isinstance(actual, str) and value in actual

    return matches


def _not_contains(name: str, value: str) -> Matcher:
    def matches(subject: Subject) -> bool:
        actual = subject[name]
        return isinstance(actual, str) and value not in actual

    return matches


def _modulo(name: str, value: str) -> Matcher:
    try:
        divisor, remainder = map(float, value.split("|"))
    except ValueError:
        return never

    def matches(subject: Subject) -> bool:
        actual = subject[name]
        try:
            return isinstance(actual, int | float) and actual % divisor == remainder
        except (ZeroDivisionError, OverflowError):  # an integer too large for a float
            return False

    return matches


WITH_TEXT: dict[str, Build] = {
    "EQUAL": _comparison(operator.eq),
    "NOT_EQUAL": _comparison(operator.ne),
    "GREATER_THAN": _comparison(operator.gt),
    "GREATER_THAN_INCLUSIVE": _comparison(operator.ge),
    "LESS_THAN": _comparison(operator.lt),
    "LESS_THAN_INCLUSIVE": _comparison(operator.le),
    "CONTAINS": _contains,
    "NOT_CONTAINS": _not_contains,
    "MODULO": _modulo,
}
