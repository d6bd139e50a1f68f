"""What a client may send as an identity and its traits, checked (sdk-api.md §4.2 and §4.3).

Refusals use the texts and the nesting of the reference server, since SDKs and scripts show them to people.
"""

import math
from typing import Any, NamedTuple

from vexil.dataplane import errors
from vexil.stores.identities import TraitValue

IDENTIFIER_CHARACTERS_MAX = 2000
_TRAIT_KEY_CHARACTERS_MAX = 200
_TRAIT_TEXT_CHARACTERS_MAX = 2000
_INTEGER_MAX = 2**63 - 1

_TRUE = {True, "t", "true", "y", "yes", "on", "1"}
_FALSE = {False, "f", "false", "n", "no", "off", "0"}


class GivenTrait(NamedTuple):
    key: str
    value: TraitValue | None
    """None asks for the trait's deletion."""
    transient: bool


class GivenIdentity(NamedTuple):
    identifier: str
    """Empty for an anonymous identity."""
    traits: dict[str, GivenTrait]
    transient: bool


class _Invalid(Exception):
    """One field's error."""


def identity(form: Any) -> GivenIdentity:
    """Raise `Refusal` with every error found."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [_not_a_dictionary(form)]})
    found: dict[str, Any] = {}
    identifier = _checked(found, "identifier", _identifier, form.get("identifier"))
    transient = _checked(found, "transient", _boolean, form.get("transient", False))
    traits = _traits(found, form.get("traits", ()))
    if found:
        raise errors.invalid(found)
    return GivenIdentity(identifier, traits, transient)


def identifier_of_query(text: str) -> str:
    try:
        return _text(text, IDENTIFIER_CHARACTERS_MAX)
    except _Invalid as error:
        raise errors.invalid({"identifier": [str(error)]}) from None


def _checked(found: dict[str, Any], field: str, check: Any, value: Any) -> Any:
    try:
        return check(value)
    except _Invalid as error:
        found[field] = [str(error)]
        return None


def _traits(found: dict[str, Any], entries: Any) -> dict[str, GivenTrait]:
    """By key; of a repeated key the last counts."""
    if entries is None:
        found["traits"] = ["This field may not be null."]
        return {}
    if not isinstance(entries, list | tuple):
        found["traits"] = {"non_field_errors": [f'Expected a list of items but got type "{type(entries).__name__}".']}
        return {}
    problems: list[Any] = []
    traits = {}
    for entry in entries:
        problem: dict[str, Any] = {}
        trait = _trait(problem, entry)
        problems.append(problem)
        traits[trait.key] = trait
    if any(problems):
        found["traits"] = problems
    return traits


def _trait(problem: dict[str, Any], entry: Any) -> GivenTrait:
    if not isinstance(entry, dict):
        problem["non_field_errors"] = [_not_a_dictionary(entry)]
        return GivenTrait("", None, transient=True)
    key = _required(problem, "trait_key", _trait_key, entry)
    value = _required(problem, "trait_value", trait_value, entry)
    transient = _checked(problem, "transient", _boolean, entry.get("transient", False))
    return GivenTrait(key, value, transient)


def _required(problem: dict[str, Any], field: str, check: Any, entry: dict[str, Any]) -> Any:
    if field not in entry:
        problem[field] = ["This field is required."]
        return None
    return _checked(problem, field, check, entry[field])


def trait_value(value: Any) -> TraitValue | None:
    """The value as it is stored: a list or an object as its Python text."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        if not -_INTEGER_MAX - 1 <= value <= _INTEGER_MAX:
            raise _Invalid("A valid integer is required.")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Invalid("A valid number is required.")
        return value
    text = value if isinstance(value, str) else str(value)
    if len(text) > _TRAIT_TEXT_CHARACTERS_MAX:
        raise _Invalid(f"Value string is too long. Must be less than {_TRAIT_TEXT_CHARACTERS_MAX} character")
    return _clean(text)


def _trait_key(value: Any) -> str:
    if value is None:
        raise _Invalid("This field may not be null.")
    key = _text(value, _TRAIT_KEY_CHARACTERS_MAX)
    if not key:
        raise _Invalid("This field may not be blank.")
    return key


def _identifier(value: Any) -> str:
    return "" if value is None else _text(value, IDENTIFIER_CHARACTERS_MAX)


def _text(value: Any, characters_max: int) -> str:
    """A text without blanks around it; a number counts as its text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Invalid("Not a valid string.")
    text = str(value).strip()
    if len(text) > characters_max:
        raise _Invalid(f"Ensure this field has no more than {characters_max} characters.")
    return _clean(text)


def _clean(text: str) -> str:
    """No null characters and no lone surrogates: databases and UTF-8 have no place for them."""
    if text.isascii():
        if "\0" in text:
            raise _Invalid("Null characters are not allowed.")
        return text
    if "\0" in text:
        raise _Invalid("Null characters are not allowed.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _Invalid(f"Surrogate characters are not allowed: U+{ord(text[error.start]):X}.") from None
    return text


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    if value is None:
        raise _Invalid("This field may not be null.")
    word = value.strip().lower() if isinstance(value, str) else value
    if isinstance(word, str | int | float) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise _Invalid("Must be a valid boolean.")


def _not_a_dictionary(value: Any) -> str:
    if value is None:
        return "No data provided"
    return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
