"""What a client may send to set single traits, checked (sdk-api.md §5)."""

from typing import Any, NamedTuple

from vexil.dataplane import errors, fields
from vexil.dataplane.fields import Problems
from vexil.stores.identities import TraitValue


class IdentityTrait(NamedTuple):
    """A trait and whose it is; `value` None asks for its deletion."""

    identifier: str
    key: str
    value: TraitValue | None

    def as_form(self) -> dict[str, Any]:
        """As it was sent, with the value that is stored."""
        return {"identity": {"identifier": self.identifier}, "trait_key": self.key, "trait_value": self.value}


_A_LIST = "the body, which must be a list of objects"


class GivenIncrement(NamedTuple):
    identifier: str
    trait_key: str
    by: int


def trait(form: Any) -> IdentityTrait:
    problems: Problems = {}
    found = _trait(problems, form, _set_value)
    if problems:
        raise errors.invalid(problems)
    return found


def traits(form: Any) -> list[IdentityTrait]:
    if not isinstance(form, list) or not all(isinstance(item, dict) for item in form):
        raise errors.detail(400, "Invalid request data", "invalid_fields", fields=_A_LIST)
    problems: list[Problems] = [{} for _ in form]
    found = [_trait(problem, item, fields.trait_value) for problem, item in zip(problems, form, strict=True)]
    if any(problems):
        raise errors.invalid(problems)
    return found


def value_alone(form: Any) -> TraitValue:
    """The one field of the deprecated way to set a trait."""
    if not isinstance(form, dict) or form.get("trait_value") is None:
        raise errors.detail(400, "Trait value not provided", "invalid_fields", fields="trait_value")
    problems: Problems = {}
    value: TraitValue = fields.required(problems, "trait_value", fields.trait_value, form)
    if problems:
        raise errors.invalid(problems)
    return value


def key_of_url(text: str) -> str:
    problems: Problems = {}
    key: str = fields.optional(problems, "trait_key", fields.trait_key, text)
    if problems:
        raise errors.invalid(problems)
    return key


def increment(form: Any) -> GivenIncrement:
    problems: Problems = {}
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    found = GivenIncrement(
        fields.required(problems, "identifier", fields.filled_identifier, form),
        fields.required(problems, "trait_key", fields.trait_key, form),
        fields.required(problems, "increment_by", fields.integer, form),
    )
    if problems:
        raise errors.invalid(problems)
    return found


def _trait(problems: Problems, form: Any, check_value: fields.Check) -> IdentityTrait:
    if not isinstance(form, dict):
        problems["non_field_errors"] = [fields.not_a_dictionary(form)]
        return IdentityTrait("", "", None)
    return IdentityTrait(
        _owner(problems, form),
        fields.required(problems, "trait_key", fields.trait_key, form),
        fields.required(problems, "trait_value", check_value, form),
    )


def _owner(problems: Problems, form: dict[str, Any]) -> str:
    owner = fields.required(problems, "identity", fields.not_null, form)
    if "identity" in problems:
        return ""
    inner: Problems = {}
    identifier = ""
    if isinstance(owner, dict):
        identifier = fields.required(inner, "identifier", fields.filled_identifier, owner)
    else:
        inner["non_field_errors"] = [fields.not_a_dictionary(owner)]
    if inner:
        problems["identity"] = inner
    return identifier


def _set_value(value: Any) -> TraitValue | None:
    return fields.trait_value(fields.not_null(value))
