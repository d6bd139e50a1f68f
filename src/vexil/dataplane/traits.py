"""The traits that an answer shows and an evaluation uses: stored ones, given ones, and both together."""

from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from vexil.dataplane.forms import GivenTrait
from vexil.stores.identities import Identity, TraitValue


class ShownTrait(NamedTuple):
    id: int | None
    """None for a trait that is not stored, or not yet known by its number."""
    key: str
    value: TraitValue
    transient: bool


def stored(identity: Identity | None) -> list[ShownTrait]:
    if identity is None:
        return []
    return [ShownTrait(number, key, value, transient=False) for number, key, value, _ in identity.trait_rows()]


def kept(given: Mapping[str, GivenTrait]) -> dict[str, TraitValue | None]:
    """What is to be stored: values, and None for traits that are to go."""
    return {key: trait.value for key, trait in given.items() if not trait.transient}


def has_all(identity: Identity, values: Mapping[str, TraitValue | None]) -> bool:
    """Whether nothing would have to be written."""
    present = identity.trait_values() if values else {}
    return all(_is_same(present.get(key), value) for key, value in values.items())


def overlaid(
    shown: list[ShownTrait], given: Mapping[str, GivenTrait], *, all_transient: bool = False
) -> list[ShownTrait]:
    """The stored traits with those given ones that are not among them, or that stand in for them."""
    if not given:
        return shown
    by_key = {trait.key: trait for trait in shown}
    for trait in given.values():
        present = by_key.get(trait.key)
        is_transient = trait.transient or all_transient
        if trait.value is None:
            if not trait.transient:
                by_key.pop(trait.key, None)
        elif present is None or is_transient or not _is_same(present.value, trait.value):
            by_key[trait.key] = ShownTrait(None, trait.key, trait.value, is_transient)
    return list(by_key.values())


def anonymous(given: Iterable[GivenTrait]) -> list[ShownTrait]:
    return [ShownTrait(None, trait.key, trait.value, transient=True) for trait in given if trait.value is not None]


def as_json(trait: ShownTrait) -> str:
    number = "null" if trait.id is None else str(trait.id)
    transient = "true" if trait.transient else "false"
    return (
        f'{{"id":{number},"trait_key":{encode_basestring_ascii(trait.key)},'
        f'"trait_value":{_value(trait.value)},"transient":{transient}}}'
    )


def _value(value: TraitValue) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _is_same(one: TraitValue | None, other: TraitValue | None) -> bool:
    # 1, 1.0 and True are equal to Python but not to an SDK.
    return one == other and type(one) is type(other)
