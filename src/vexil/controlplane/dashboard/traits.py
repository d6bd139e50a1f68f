"""Traits as people type them: one `key = value` a line, or a value with its type."""

import math

from vexil.stores.identities import INTEGER_MAX, TraitValue

CHARACTERS_MAX = 2_000
KEY_CHARACTERS_MAX = 200
TYPES = (("unicode", "Text"), ("int", "Whole number"), ("float", "Number"), ("bool", "True or false"))


class NoSuchValue(ValueError):
    """The text is none of this type; the message says what would be."""


def of_lines(text: str) -> tuple[dict[str, TraitValue], list[str]]:
    """The traits that the lines name, and the lines that name none."""
    given: dict[str, TraitValue] = {}
    wrong = []
    for line in filter(None, map(str.strip, text.splitlines())):
        key, sign, value = (part.strip() for part in line.partition("="))
        if key and sign and len(key) <= KEY_CHARACTERS_MAX:
            given[key] = of_text(value)
        else:
            wrong.append(line)
    return given, wrong


def of_text(text: str) -> TraitValue:
    """The value that the text looks like."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in ("int", "float"):
        try:
            return typed(kind, text)
        except NoSuchValue:
            continue
    return text.removeprefix('"').removesuffix('"') if text[:1] == text[-1:] == '"' and len(text) > 1 else text


def typed(kind: str, text: str) -> TraitValue:
    """The text as a value of one of `TYPES`; raise `NoSuchValue`."""
    if kind == "bool":
        if text.strip().lower() not in ("true", "false"):
            raise NoSuchValue("True or false.")
        return text.strip().lower() == "true"
    if kind == "int":
        return _integer(text)
    if kind == "float":
        return _number(text)
    if len(text) > CHARACTERS_MAX:
        raise NoSuchValue(f"At most {CHARACTERS_MAX} characters.")
    return text


def type_of(value: TraitValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "float" if isinstance(value, float) else "unicode"


def shown(value: object) -> str:
    """A value as it is typed."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _integer(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = INTEGER_MAX + 1
    if abs(number) > INTEGER_MAX:
        raise NoSuchValue("A whole number of at most 64 bits.")
    return number


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise NoSuchValue("A number, such as 1.5.")
    return number
