"""The identities of an environment, in the pages that a list asks for."""

from collections.abc import Sequence
from typing import overload

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment
from vexil.stores.identities import Identity, Page

_BATCH = 1000
_SOME = 200


class Identities(Sequence[Identity]):
    """A list that looks into the store only for its length and for the slice asked for: one look each."""

    def __init__(self, environment_id: int, *, contains: str = "", exact: str = "") -> None:
        self._environment_id = environment_id
        self._contains = contains
        self._exact = exact

    def __len__(self) -> int:
        return self._page(0, 1).total

    @overload
    def __getitem__(self, index: int) -> Identity: ...
    @overload
    def __getitem__(self, index: slice) -> list[Identity]: ...
    def __getitem__(self, index: int | slice) -> Identity | list[Identity]:
        if isinstance(index, slice):
            start = index.start or 0
            return self._page(start, max(index.stop - start, 0)).identities
        return self._page(index, 1).identities[0]

    def _page(self, offset: int, limit: int) -> Page:
        return stores.current().identities.page(
            self._environment_id, offset=offset, limit=limit, contains=self._contains, exact=self._exact
        )


def some_trait_keys(environment: Environment) -> list[str]:
    """The keys of the newest identities' traits, to choose from while one types."""
    newest = stores.current().identities.newest(environment.pk, before_id=None, limit=_SOME)
    return sorted({key for identity in newest for key in identity.trait_values()})


def trait_keys(environment: Environment) -> list[str]:
    """The keys of all traits that any identity of the environment has; reads them all, in batches."""
    identities, keys, offset = Identities(environment.pk), set[str](), 0
    while batch := identities[offset : offset + _BATCH]:
        keys.update(key for identity in batch for key in identity.trait_values())
        offset += len(batch)
    return sorted(keys)
