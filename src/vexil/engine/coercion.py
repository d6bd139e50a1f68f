"""What a trait, or anything a JSONPath found, counts as before an operator sees it (evaluation.md §4.1)."""

import re
from decimal import Decimal

ContextValue = str | int | float | bool | None

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_AS_THEY_ARE = frozenset({bool, int, float, type(None)})


def coerce(value: object) -> ContextValue:
    """The value as the operators take it: texts that look like a number become that number."""
    if type(value) is str:
        return _number(value) if _NUMBER.fullmatch(value) else value
    if type(value) in _AS_THEY_ARE:
        return value  # type: ignore[return-value]  # mypy cannot follow a look-up by type
    if isinstance(value, Decimal):
        return float(value) if value.as_tuple().exponent else int(value)
    return str(value)


def _number(digits: str) -> ContextValue:
    try:
        return float(digits) if "." in digits else int(digits)
    except ValueError:  # more digits than Python converts to an integer
        return digits


def text_of(value: ContextValue) -> str | None:
    """The value as Python writes it; none for an integer of more digits than Python writes."""
    try:
        return None if value is None else str(value)
    except ValueError:
        return None
