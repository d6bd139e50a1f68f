"""What one environment variable accepts, and the field that it is read into."""

import json
from collections.abc import Callable
from dataclasses import field
from typing import Any

from vexil import rates
from vexil.rates import Rate

Parser = Callable[[str], Any]

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def boolean(text: str) -> bool:
    """Of the words that people use for it."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def comma_separated(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def integer(minimum: int, maximum: int) -> Parser:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise ValueError(f"a whole number from {minimum} to {maximum}")
        return number

    return parse


def one_of(*words: str) -> Parser:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError("one of " + ", ".join(words))
        return text.lower()

    return parse


def objects(text: str) -> tuple[dict[str, Any], ...]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ValueError("a JSON list of objects")
    return tuple(found)


def setting(variable: str, default: Any, help_text: str, parse: Parser = str, *, blank_is_default: bool = True) -> Any:
    """A field that is read from the variable; what the parser accepts is in its ValueError."""
    metadata = {"variable": variable, "help": help_text, "parse": parse, "blank_is_default": blank_is_default}
    return field(default=default, metadata=metadata)


def rate(variable: str, default: Rate, help_text: str) -> Any:
    """A rate, or none."""
    return setting(variable, default, f"{help_text}; `none` for no limit.", rates.parse, blank_is_default=False)
