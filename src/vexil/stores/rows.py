"""An identity's row as both databases keep it, and what an upsert makes of it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import msgspec

from vexil.stores.identities import (
    INTEGER_MAX,
    SEARCHED_MAX,
    Found,
    Identity,
    Increment,
    IntegerTooLarge,
    NotAnInteger,
    Saved,
    TraitValue,
    Unstorable,
    Upsert,
)

Key = tuple[int, str]
"""Environment id and identifier."""


class IdentityRow(NamedTuple):
    """The columns in the order in which every statement selects them."""

    id: int
    environment_id: int
    identifier: str
    created_at_us: int
    traits: str
    """A JSON array of `TraitRow`s in ascending order of id."""
    next_trait_id: int

    @property
    def key(self) -> Key:
        return self.environment_id, self.identifier

    def to_identity(self) -> Identity:
        return Identity._make(self[:5])


NO_TRAITS = "[]"


def with_traits(row: IdentityRow, changes: Mapping[str, TraitValue | None], now_us: int) -> IdentityRow:
    """The row after each trait is set or (None) deleted; the very same row when that changes nothing."""
    if not changes:
        return row
    by_key = {} if row.traits == NO_TRAITS else {trait[1]: trait for trait in row.to_identity().trait_rows()}
    next_trait_id = row.next_trait_id
    is_changed = False
    for key, value in changes.items():
        stored = by_key.get(key)
        if value is None:
            is_changed |= by_key.pop(key, None) is not None
        elif stored is None:
            by_key[key] = (next_trait_id, key, _storable(value), now_us)
            next_trait_id += 1
            is_changed = True
        elif not _is_same(stored[2], value):
            by_key[key] = (stored[0], key, _storable(value), stored[3])
            is_changed = True
    if not is_changed:
        return row
    traits = msgspec.json.encode(list(by_key.values())).decode()
    # Not `_replace`, which takes 1 µs: this runs while requests for flags wait for the interpreter.
    return IdentityRow(row.id, row.environment_id, row.identifier, row.created_at_us, traits, next_trait_id)


def new_row(environment_id: int, identifier: str, now_us: int) -> IdentityRow:
    """A row without traits and, until it is inserted, without an id (0)."""
    return IdentityRow(0, environment_id, storable_identifier(identifier), now_us, NO_TRAITS, 1)


def found(
    beginning: Sequence[tuple[object, ...]], containing: Sequence[tuple[object, ...]], *, limit: int, looked_at: int
) -> Found:
    """What a search gives: rows of identifiers that begin with the text, then others that contain it.

    `looked_at` is how many of the newest were looked at for those, and one more if there are more.
    """
    rows = {row[0]: IdentityRow._make(row) for row in (*beginning, *containing)}
    identities = [row.to_identity() for row in rows.values()]
    is_complete = len(identities) <= limit and looked_at <= SEARCHED_MAX
    return Found(identities[:limit], is_complete)


def storable_identifier(identifier: str) -> str:
    """Raise `Unstorable` for a text that PostgreSQL cannot hold; SQLite refuses the same for their likeness."""
    if "\0" in identifier:
        raise Unstorable("An identifier holds no NUL character.")
    return identifier


class Merge(NamedTuple):
    """What a batch of upserts makes of the rows that are there."""

    rows: dict[Key, IdentityRow]
    inserted: list[IdentityRow]
    updated: list[IdentityRow]


def merge(stored: Mapping[Key, IdentityRow], upserts: Iterable[Upsert], now_us: int) -> Merge:
    """Apply the upserts in order; an identity that occurs twice is inserted or updated once."""
    rows = dict(stored)
    for upsert in upserts:
        key = upsert.key
        row = rows.get(key) or new_row(*key, now_us)
        rows[key] = with_traits(row, upsert.traits, now_us)
    return _differences(stored, rows)


def increment(
    stored: Mapping[Key, IdentityRow], increments: Iterable[Increment], now_us: int
) -> tuple[Merge, list[int]]:
    """Apply the increments in order; also the trait's value after each."""
    rows = dict(stored)
    values = []
    for addition in increments:
        row = rows.get(addition.key) or new_row(*addition.key, now_us)
        present = row.to_identity().trait_values().get(addition.trait_key, 0)
        if isinstance(present, bool) or not isinstance(present, int):
            raise NotAnInteger
        value = present + addition.by
        if not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
            raise IntegerTooLarge
        rows[addition.key] = with_traits(row, {addition.trait_key: value}, now_us)
        values.append(value)
    return _differences(stored, rows), values


def restored(stored: Mapping[Key, IdentityRow], identities: Iterable[Identity], now_us: int) -> Merge:
    """Rows for identities of another installation; those that are there get the traits that they lack."""
    rows = dict(stored)
    for identity in identities:
        key = (identity.environment_id, identity.identifier)
        present = rows.get(key)
        if present is None:
            traits = identity.trait_rows()
            next_trait_id = max((trait[0] for trait in traits), default=0) + 1
            storable_identifier(identity.identifier)
            rows[key] = IdentityRow(*identity, next_trait_id)
        else:
            own = present.to_identity().trait_values()
            missing = {name: value for name, value in identity.trait_values().items() if name not in own}
            rows[key] = with_traits(present, missing, now_us)
    return _differences(stored, rows)


def _differences(stored: Mapping[Key, IdentityRow], rows: dict[Key, IdentityRow]) -> Merge:
    inserted = [row for key, row in rows.items() if key not in stored]
    updated = [row for key, row in rows.items() if key in stored and row is not stored[key]]
    return Merge(rows, inserted, updated)


def keys_of(changes: Sequence[Upsert | Increment]) -> list[Key]:
    """Each identity once, sorted: writers that lock rows in one order cannot wait for each other in a circle."""
    return sorted({change.key for change in changes})


def saved(
    upserts: Sequence[Upsert], before: Mapping[Key, IdentityRow], after: Mapping[Key, IdentityRow]
) -> list[Saved]:
    """One for each upsert, in their order."""
    return [
        Saved(before[key].to_identity() if key in before else None, after[key].to_identity())
        for key in map(attrgetter("key"), upserts)
    ]


def _is_same(stored: TraitValue, value: TraitValue) -> bool:
    # 1, 1.0 and True are equal to Python but not to an SDK.
    return type(stored) is type(value) and stored == value


def _storable(value: TraitValue) -> TraitValue:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unstorable("A trait's value is a finite number; JSON has no other.")
    return value
