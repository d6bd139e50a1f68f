"""What single fields of a body may hold, with the texts in which SDKs and scripts are told otherwise.

Every check takes a value as it came and gives it as it is used; `required` and `optional` note what is wrong
beside the field's name, so that a form answers with all its errors at once (sdk-api.md §1.6).
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from vexil.stores.identities import INTEGER_MAX, TraitValue

IDENTIFIER_CHARACTERS_MAX = 2000
TRAIT_KEY_CHARACTERS_MAX = 200
TRAIT_TEXT_CHARACTERS_MAX = 2000
_INTEGER_TEXT = re.compile(r"\s*(-?[0-9]{1,19})(?:\.0*)?\s*", re.ASCII)

_TRUE = {True, "t", "true", "y", "yes", "on", "1"}
_FALSE = {False, "f", "false", "n", "no", "off", "0"}

Problems = dict[str, Any]
Check = Callable[[Any], Any]


class Invalid(Exception):
    """One field's error."""


def optional(problems: Problems, field: str, check: Check, value: Any) -> Any:
    """The checked value; None, and an entry among the problems, for a wrong one."""
    try:
        return check(value)
    except Invalid as error:
        problems[field] = [str(error)]
        return None


def required(problems: Problems, field: str, check: Check, form: Mapping[str, Any]) -> Any:
    if field not in form:
        problems[field] = ["This field is required."]
        return None
    return optional(problems, field, check, form[field])


def not_a_dictionary(value: Any) -> str:
    if value is None:
        return "No data provided"
    return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."


def not_a_list(value: Any) -> str:
    return f'Expected a list of items but got type "{type(value).__name__}".'


def not_null(value: Any) -> Any:
    if value is None:
        raise Invalid("This field may not be null.")
    return value


def trait_value(value: Any) -> TraitValue | None:
    """The value as it is stored: a list or an object as its Python text."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        if not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
            raise Invalid("A valid integer is required.")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid("A valid number is required.")
        return value
    text = value if isinstance(value, str) else str(value)
    if len(text) > TRAIT_TEXT_CHARACTERS_MAX:
        raise Invalid(f"Value string is too long. Must be less than {TRAIT_TEXT_CHARACTERS_MAX} character")
    return _clean(text)


def trait_key(value: Any) -> str:
    return filled_text(value, TRAIT_KEY_CHARACTERS_MAX)


def identifier(value: Any) -> str:
    """Absent and null count as blank."""
    return "" if value is None else text(value, IDENTIFIER_CHARACTERS_MAX)


def filled_identifier(value: Any) -> str:
    return filled_text(value, IDENTIFIER_CHARACTERS_MAX)


def filled_text(value: Any, characters_max: int = 2000) -> str:
    if value is None:
        raise Invalid("This field may not be null.")
    filled = text(value, characters_max)
    if not filled:
        raise Invalid("This field may not be blank.")
    return filled


def text(value: Any, characters_max: int) -> str:
    """A text without blanks around it; a number counts as its text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Invalid("Not a valid string.")
    shown = str(value).strip()
    if len(shown) > characters_max:
        raise Invalid(f"Ensure this field has no more than {characters_max} characters.")
    return _clean(shown)


def boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    if value is None:
        raise Invalid("This field may not be null.")
    word = value.strip().lower() if isinstance(value, str) else value
    if isinstance(word, str | int | float) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise Invalid("Must be a valid boolean.")


def integer(value: Any) -> int:
    """A whole number of 64 bits, also as a text or with a zero fraction."""
    if value is None:
        raise Invalid("This field may not be null.")
    number = None
    if isinstance(value, str):
        digits = _INTEGER_TEXT.fullmatch(value)
        number = int(digits[1]) if digits else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    if number is None or not -INTEGER_MAX - 1 <= number <= INTEGER_MAX:
        raise Invalid("A valid integer is required.")
    return number


def _clean(shown: str) -> str:
    """No null characters and no lone surrogates: databases and UTF-8 have no place for them."""
    if "\0" in shown:
        raise Invalid("Null characters are not allowed.")
    if shown.isascii():
        return shown
    try:
        shown.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"Surrogate characters are not allowed: U+{ord(shown[error.start]):X}.") from None
    return shown
