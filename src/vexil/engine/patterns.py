r"""Patterns in Python's dialect, run by RE2 in linear time.

Python's own parser reads a pattern and this module writes it anew for RE2, so that `\d`, `\w`, `(?i)` or `$` keep
the meaning they have in Python. What no linear-time engine can run is refused by name. What still differs:
`\b` and `\B` take letters beyond ASCII for non-letters; `$` followed by something that takes the text's last
newline does not match.
"""

import re
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from re import _constants as code  # type: ignore[attr-defined]  # private, like the parser itself
from re import _parser as python_parser  # type: ignore[attr-defined]
from typing import Any

import re2

from vexil.engine import charsets
from vexil.engine.charsets import Ranges

_REPEATS_MAX = 1000


class UnsupportedPatternError(ValueError):
    """The pattern is wrong, or holds something that RE2 does not run."""


def pattern_error(pattern: str) -> str | None:
    """Why a pattern cannot be used, in words for the person who wrote it; None for a good one."""
    try:
        compile_pattern(pattern)
    except UnsupportedPatternError as error:
        return str(error)
    return None


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """What tells whether a text starts with a match; raise `UnsupportedPatternError` if nothing can."""
    translated = _translate(pattern)
    try:
        compiled = compile_re2(translated)
    except re2.error:
        raise UnsupportedPatternError("it grows too large once its repetitions are written out") from None

    def matches(text: str) -> bool:
        return compiled.match(_encoded(text)) is not None

    return matches


def compile_re2(pattern: str) -> Any:
    """A compiled pattern in RE2's own dialect, which reports errors by `re2.error` alone."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    return re2.compile(pattern, options)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair becomes one replacement character
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _translate(pattern: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's hints about odd but working patterns
        try:
            parsed = python_parser.parse(pattern)
            return _sequence(parsed, parsed.state.flags)
        except re.error as error:
            raise UnsupportedPatternError(f"not a regular expression: {error}") from None
        except (RecursionError, OverflowError):
            raise UnsupportedPatternError("it is nested too deeply or repeats too often") from None
        except UnsupportedPatternError:
            raise
        except ValueError as error:
            raise UnsupportedPatternError(f"not a regular expression: {error}") from None


def _sequence(nodes: Sequence[tuple[Any, Any]], flags: int) -> str:
    return "".join(_node(kind, argument, flags) for kind, argument in nodes)


def _node(kind: Any, argument: Any, flags: int) -> str:
    if write := _WRITERS.get(kind):
        return write(argument, flags)
    raise UnsupportedPatternError(f"{_REFUSED.get(kind, kind)} is not supported")


def _literal(argument: int, flags: int) -> str:
    return _characters(_folded(charsets.single(argument), flags))


def _not_literal(argument: int, flags: int) -> str:
    return _characters(charsets.complement(_folded(charsets.single(argument), flags)))


def _any_character(_: None, flags: int) -> str:
    return r"(?s:.)" if flags & re.DOTALL else r"[^\n]"


def _set(members: list[tuple[Any, Any]], flags: int) -> str:
    negated = members[0][0] is code.NEGATE
    ranges = charsets.union(_member(kind, argument, flags) for kind, argument in members[negated:])
    return _characters(charsets.complement(ranges) if negated else ranges)


def _member(kind: Any, argument: Any, flags: int) -> Ranges:
    if kind is code.CATEGORY:
        return charsets.category(_ESCAPES[argument], ascii_only=bool(flags & re.ASCII))
    return _folded((argument,) if kind is code.RANGE else charsets.single(argument), flags)


def _folded(ranges: Ranges, flags: int) -> Ranges:
    return charsets.in_any_case(ranges, ascii_only=bool(flags & re.ASCII)) if flags & re.IGNORECASE else ranges


def _characters(ranges: Ranges) -> str:
    if not ranges:
        return r"[^\x{0}-\x{10ffff}]"
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]"


def _no_character(_: Any, __: int) -> str:
    return _characters(())


def _branch(argument: tuple[None, list[Any]], flags: int) -> str:
    return "(?:" + "|".join(_sequence(branch, flags) for branch in argument[1]) + ")"


def _group(argument: tuple[int | None, int, int, Any], flags: int) -> str:
    _, added, removed, content = argument
    if added & re.ASCII or added & re.UNICODE:
        flags &= ~(re.ASCII | re.UNICODE)
    return f"(?:{_sequence(content, (flags | added) & ~removed)})"


def _repeat(argument: tuple[Any, Any, Any], flags: int) -> str:
    least, most, content = argument
    unlimited = most is code.MAXREPEAT
    if max(least, 0 if unlimited else most) > _REPEATS_MAX:
        raise UnsupportedPatternError(f"a repetition of more than {_REPEATS_MAX} times is not supported")
    return f"(?:{_sequence(content, flags)}){{{least},{'' if unlimited else most}}}"


def _position(argument: Any, flags: int) -> str:
    if argument is code.AT_BEGINNING:
        return "(?m:^)" if flags & re.MULTILINE else r"\A"
    if argument is code.AT_END:
        # Python's `$` also stands before a newline that ends the text.
        return "(?m:$)" if flags & re.MULTILINE else r"(?:\n?\z)"
    return _POSITIONS[argument]


_POSITIONS = {
    code.AT_BEGINNING_STRING: r"\A",
    code.AT_END_STRING: r"\z",
    code.AT_BOUNDARY: r"\b",
    code.AT_NON_BOUNDARY: r"\B",
}
_ESCAPES = {
    code.CATEGORY_DIGIT: r"\d",
    code.CATEGORY_NOT_DIGIT: r"\D",
    code.CATEGORY_SPACE: r"\s",
    code.CATEGORY_NOT_SPACE: r"\S",
    code.CATEGORY_WORD: r"\w",
    code.CATEGORY_NOT_WORD: r"\W",
}
_WRITERS: dict[Any, Callable[[Any, int], str]] = {
    code.LITERAL: _literal,
    code.NOT_LITERAL: _not_literal,
    code.ANY: _any_character,
    code.IN: _set,
    code.BRANCH: _branch,
    code.SUBPATTERN: _group,
    code.MAX_REPEAT: _repeat,
    code.MIN_REPEAT: _repeat,  # greed changes what a match spans, not whether there is one
    code.AT: _position,
    code.FAILURE: _no_character,
}
_REFUSED = {
    code.ASSERT: "look-ahead or look-behind, (?=…) or (?<=…),",
    code.ASSERT_NOT: "negative look-ahead or look-behind, (?!…) or (?<!…),",
    code.GROUPREF: r"a back-reference, \1 or (?P=…),",
    code.GROUPREF_EXISTS: "a conditional group, (?(1)…),",
    code.ATOMIC_GROUP: "an atomic group, (?>…),",
    code.POSSESSIVE_REPEAT: "a possessive repetition, *+ or ++,",
}
