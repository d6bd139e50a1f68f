"""Properties that are JSONPaths: `$.identity.identifier`, `$.environment.name`, `$.identity.traits['plan']`."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import iregexp_check
import re2
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.selectors import NameSelector

from vexil.engine.patterns import compile_re2

PATH_PREFIX = "$."
Document = Mapping[str, object]
Reader = Callable[[Document], object]


@lru_cache(maxsize=4096)
def path_reader(path: str) -> Reader:
    """What finds the path's first match in a document: a primitive value, or None."""
    try:
        query = _paths.compile(path)
    except (JSONPathError, RecursionError):
        return _nothing
    names = _names(query)
    return _by_query(query) if names is None else _by_names(names)


def _nothing(_: Document) -> object:
    return None


def _names(query: JSONPathQuery) -> tuple[str, ...] | None:
    """The names a path goes through, if it is made of plain names and nothing else."""
    if not query.singular_query():
        return None
    selectors = [segment.selectors[0] for segment in query.segments]
    names = tuple(selector.name for selector in selectors if isinstance(selector, NameSelector))
    return names if len(names) == len(selectors) else None


def _by_names(names: tuple[str, ...]) -> Reader:
    def read(document: Document) -> object:
        value: object = document
        for name in names:
            if not isinstance(value, Mapping):
                return None
            value = value.get(name)
        return _primitive(value)

    return read


def _by_query(query: JSONPathQuery) -> Reader:
    def read(document: Document) -> object:
        try:
            found = query.find_one(document)  # type: ignore[arg-type]  # it only reads what it is given
        except (JSONPathError, RecursionError):
            return None
        return None if found is None else _primitive(found.value)

    return read


def _primitive(value: object) -> object:
    return value if isinstance(value, str | int | float) else None


class _RegexFunction(FilterFunction):
    """The standard `match()` and `search()`, in linear time: the library's own ones backtrack."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]
    return_type = ExpressionType.LOGICAL

    def __init__(self, frame: str) -> None:
        self._frame = frame

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str) or not iregexp_check.check(pattern):
            return False
        try:
            compiled = compile_re2(self._frame.format(_without_dots(pattern)))
            return compiled.match(value) is not None
        except (re2.error, UnicodeEncodeError):
            return False


def _without_dots(pattern: str) -> str:
    """An I-Regexp with each dot spelt out: there it stops at `\\r` too, in RE2 only at `\\n`."""
    parts: list[str] = []
    escaped = in_class = False
    for character in pattern:
        dot = character == "." and not escaped and not in_class
        parts.append(r"[^\n\r]" if dot else character)
        if not escaped and character in "[]":
            in_class = character == "["
        escaped = character == "\\" and not escaped
    return "".join(parts)


class _Paths(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _RegexFunction(r"\A(?:{})\z")
        self.function_extensions["search"] = _RegexFunction(r"(?s:.*?)(?:{})")


_paths = _Paths()
