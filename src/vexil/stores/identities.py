"""Identities: one row each, its traits on the row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

TraitValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Trait:
    """`id` counts up from 1 within its identity."""

    id: int
    key: str
    value: TraitValue
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Traits stand in the order in which they were first set."""

    id: int
    environment_id: int
    identifier: str
    created_at: datetime
    traits: tuple[Trait, ...] = ()

    def trait_values(self) -> dict[str, TraitValue]:
        return {trait.key: trait.value for trait in self.traits}


@dataclass(frozen=True, slots=True)
class Upsert:
    """Create the identity if it is absent, then set each trait (None deletes it). Equal values cost no write."""

    environment_id: int
    identifier: str
    traits: dict[str, TraitValue | None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, str]:
        return self.environment_id, self.identifier


@dataclass(frozen=True, slots=True)
class Page:
    total: int
    identities: list[Identity]


class IdentifierTaken(Exception):
    """Another identity of the environment has this identifier."""


class Unstorable(ValueError):
    """An identifier or a trait's value that no database can hold. The edge refuses these with better words."""


class IdentityStore(Protocol):
    def find(self, environment_id: int, identifier: str) -> Identity | None: ...

    def find_many(self, wanted: Sequence[tuple[int, str]]) -> list[Identity | None]:
        """Look up (environment id, identifier) pairs in one go, answers in the order asked."""
        ...

    def save_many(self, upserts: Sequence[Upsert]) -> list[Identity]:
        """Apply all in one transaction, in order, on disk when it returns; the identities as they are then."""
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

    def set_traits(
        self, environment_id: int, identity_id: int, traits: dict[str, TraitValue | None]
    ) -> Identity | None:
        """Set or (None) delete traits of a known identity; None when there is no such identity."""
        ...

    def close(self) -> None: ...
