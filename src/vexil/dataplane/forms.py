"""What a client may send as an identity and its traits, checked (sdk-api.md §4.2 and §4.3).

Refusals use the texts and the nesting of the reference server, since SDKs and scripts show them to people.
"""

from typing import Any, NamedTuple

from vexil.dataplane import errors, fields
from vexil.dataplane.fields import Problems
from vexil.stores.identities import TraitValue


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


def identity(form: Any) -> GivenIdentity:
    """Raise `Refusal` with every error found."""
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    problems: Problems = {}
    identifier = fields.optional(problems, "identifier", fields.identifier, form.get("identifier"))
    transient = fields.optional(problems, "transient", fields.boolean, form.get("transient", False))
    traits = _traits(problems, form.get("traits", ()))
    if problems:
        raise errors.invalid(problems)
    return GivenIdentity(identifier, traits, transient)


def identity_in_short(form: Any) -> GivenIdentity:
    """The same, and the traits may be an object as well: `{"plan": "pro"}`."""
    if isinstance(form, dict) and isinstance(form.get("traits"), dict):
        given = [{"trait_key": key, "trait_value": value} for key, value in form["traits"].items()]
        form = {**form, "traits": given}
    return identity(form)


def identifier_of_query(text: str) -> str:
    try:
        return fields.text(text, fields.IDENTIFIER_CHARACTERS_MAX)
    except fields.Invalid as error:
        raise errors.invalid({"identifier": [str(error)]}) from None


def _traits(problems: Problems, entries: Any) -> dict[str, GivenTrait]:
    """By key; of a repeated key the last counts."""
    if entries is None:
        problems["traits"] = ["This field may not be null."]
        return {}
    if not isinstance(entries, list | tuple):
        problems["traits"] = {"non_field_errors": [fields.not_a_list(entries)]}
        return {}
    found: list[Problems] = []
    traits = {}
    for entry in entries:
        problem: Problems = {}
        trait = _trait(problem, entry)
        found.append(problem)
        traits[trait.key] = trait
    if any(found):
        problems["traits"] = found
    return traits


def _trait(problem: Problems, entry: Any) -> GivenTrait:
    if not isinstance(entry, dict):
        problem["non_field_errors"] = [fields.not_a_dictionary(entry)]
        return GivenTrait("", None, transient=True)
    key = fields.required(problem, "trait_key", fields.trait_key, entry)
    value = fields.required(problem, "trait_value", fields.trait_value, entry)
    transient = fields.optional(problem, "transient", fields.boolean, entry.get("transient", False))
    return GivenTrait(key, value, transient)
