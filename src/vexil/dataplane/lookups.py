"""How one stored identity is read and saved."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from vexil.stores.batches import Batches
from vexil.stores.identities import Identity, IdentityStore, Saved, Upsert

Find = Callable[[int, str], Awaitable[Identity | None]]
"""Takes the environment's id and the identifier."""
Save = Callable[[Upsert], Awaitable[Saved]]
"""Returns when the change is on disk."""


class Lookups(NamedTuple):
    find: Find
    at_once: Callable[[int, str], Identity | None] | None
    """The same without a wait, where the store can do that."""


def one_by_one(store: IdentityStore) -> Lookups:
    """SQLite answers in microseconds, so it is asked on the loop."""

    async def find(environment_id: int, identifier: str) -> Identity | None:
        return store.find(environment_id, identifier)

    return Lookups(find, store.find)


def with_others(finds: Batches[tuple[int, str], Identity | None]) -> Lookups:
    """PostgreSQL is asked for many at once."""

    async def find(environment_id: int, identifier: str) -> Identity | None:
        return await finds.run((environment_id, identifier))

    return Lookups(find, None)
