"""Identities: one row each, its traits on the row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from vexil.stores.times import from_microseconds

TraitValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Trait:
    """`id` counts up from 1 within its identity."""

    id: int
    key: str
    value: TraitValue
    created_at: datetime


TraitRow = tuple[int, str, TraitValue, int]
"""Id, key, value and time of the first setting in microseconds."""

_trait_rows = msgspec.json.Decoder(list[TraitRow])


class Identity(NamedTuple):
    """An identity as its row holds it; traits are decoded when they are asked for."""

    id: int
    environment_id: int
    identifier: str
    created_at_us: int
    traits_text: str
    """A JSON array of `TraitRow`s in the order in which the traits were first set. Equal texts, equal traits."""

    @property
    def created_at(self) -> datetime:
        return from_microseconds(self.created_at_us)

    @property
    def traits(self) -> tuple[Trait, ...]:
        return tuple(
            Trait(trait_id, key, value, from_microseconds(created_at_us))
            for trait_id, key, value, created_at_us in self.trait_rows()
        )

    def trait_rows(self) -> list[TraitRow]:
        return _trait_rows.decode(self.traits_text)

    def trait_values(self) -> dict[str, TraitValue]:
        return {key: value for _, key, value, _ in self.trait_rows()}


@dataclass(frozen=True, slots=True)
class Upsert:
    """Create the identity if it is absent, then set each trait (None deletes it). Equal values cost no write."""

    environment_id: int
    identifier: str
    traits: dict[str, TraitValue | None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str]:
        return self.environment_id, self.identifier


class Saved(NamedTuple):
    """What an upsert came to."""

    before: Identity | None
    """None for an identity that was created."""
    after: Identity


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to a whole-number trait; an absent identity is created, an absent trait starts at 0."""

    environment_id: int
    identifier: str
    trait_key: str
    by: int

    @property
    def key(self) -> tuple[int, str]:
        return self.environment_id, self.identifier


class NotAnInteger(Exception):
    """The trait has a value of another type."""


class IntegerTooLarge(Exception):
    """The sum does not fit into 64 bits."""


INTEGER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    total: int
    identities: list[Identity]


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a bounded search; `is_complete` unless there may be more."""

    identities: list[Identity]
    is_complete: bool


SEARCHED_MAX = 50_000
"""How many of the newest identities a search for a part of an identifier looks at."""


class IdentifierTaken(Exception):
    """Another identity of the environment has this identifier."""


class Unstorable(ValueError):
    """An identifier or a trait's value that no database can hold. The edge refuses these with better words."""


class IdentityStore(Protocol):
    def find(self, environment_id: int, identifier: str) -> Identity | None: ...

    def find_many(self, wanted: Sequence[tuple[int, str]]) -> list[Identity | None]:
        """Look up (environment id, identifier) pairs in one go, answers in the order asked."""
        ...

    def upsert_many(self, upserts: Sequence[Upsert]) -> list[Saved]:
        """Apply all in order, on disk when it returns; the identities before and after all of it.

        Where nothing is to be written, nothing is locked. After an error some may be applied; asking again is safe.
        """
        ...

    def save_many(self, upserts: Sequence[Upsert]) -> list[Identity]:
        """The same for those who need the identities only as they are then."""
        ...

    def increment_many(self, increments: Sequence[Increment]) -> list[int]:
        """Apply all in one transaction, in order, on disk when it returns; the value right after each.

        Raise `NotAnInteger` or `IntegerTooLarge` and change nothing when one of them cannot be.
        """
        ...

    def get(self, environment_id: int, identity_id: int) -> Identity | None: ...

    def get_many(self, environment_id: int, identity_ids: Sequence[int]) -> list[Identity]:
        """Those that exist, in ascending order of id."""
        ...

    def create(self, environment_id: int, identifier: str) -> Identity:
        """Raise `IdentifierTaken`."""
        ...

    def rename(self, environment_id: int, identity_id: int, identifier: str) -> Identity | None:
        """None when there is no such identity; raise `IdentifierTaken`."""
        ...

    def delete(self, environment_id: int, identity_id: int) -> bool:
        """Say whether there was one."""
        ...

    def delete_environment(self, environment_id: int) -> None: ...

    def page(self, environment_id: int, *, offset: int, limit: int, contains: str = "", exact: str = "") -> Page:
        """Identities by creation; `contains` ignores case, `exact` does not; at most one of the two is given."""
        ...

    def newest(self, environment_id: int, *, before_id: int | None, limit: int) -> list[Identity]:
        """The last created first; those older than `before_id`. As quick among millions as among a few."""
        ...

    def search(self, environment_id: int, text: str, *, limit: int) -> Found:
        """Those that begin with the text, then those of the newest `SEARCHED_MAX` that contain it, in any case."""
        ...

    def after(self, environment_id: int, identity_id: int, *, limit: int) -> list[Identity]:
        """The next ones in ascending order of id; 0 is before the first."""
        ...

    def restore_many(self, identities: Sequence[Identity]) -> int:
        """Store identities as they were elsewhere, in one transaction; say how many got another id than they ask for.

        Id 0 asks for none. One whose identifier is there already gets the traits that it lacks.
        """
        ...

    def set_traits(
        self, environment_id: int, identity_id: int, traits: dict[str, TraitValue | None]
    ) -> Identity | None:
        """Set or (None) delete traits of a known identity; None when there is no such identity."""
        ...

    def close(self) -> None: ...
