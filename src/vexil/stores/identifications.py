"""Identities that asked for their flags, queued by the data plane for the integrations that are told of them.

A queue of the newest only: an identity that asks again before it is told of is in it once.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from vexil.stores.identities import TraitValue

QUEUED_MAX = 50_000
"""Identities of the whole installation; there is no room for more until some have been taken."""


class IdentifiedTrait(msgspec.Struct, frozen=True, array_like=True):
    id: int | None
    """None for a trait that is not stored."""
    key: str
    value: TraitValue


class Identification(NamedTuple):
    environment_id: int
    identifier: str
    identity_id: int | None
    """None for an identity that is not stored."""
    is_server: bool
    """Whether it asked with a server key, and so was given the flags of servers as well."""
    traits: tuple[IdentifiedTrait, ...]


class IdentificationStore(Protocol):
    def add(self, identifications: Sequence[Identification]) -> int:
        """Queue each identity, or bring it up to date where it stands; say for how many there was no room."""
        ...

    def take(self, limit: int) -> list[Identification]:
        """Remove and return those that stand first. Each goes to one caller only."""
        ...

    def close(self) -> None: ...


class _Content(msgspec.Struct, frozen=True, array_like=True):
    identity_id: int | None
    is_server: bool
    traits: tuple[IdentifiedTrait, ...]


_contents = msgspec.json.Decoder(_Content)


def content_of(identification: Identification) -> str:
    """All but the key, as both databases keep it."""
    _, _, identity_id, is_server, traits = identification
    return msgspec.json.encode(_Content(identity_id, is_server, traits)).decode()


def of_row(environment_id: int, identifier: str, text: str) -> Identification:
    content = _contents.decode(text)
    return Identification(environment_id, identifier, content.identity_id, content.is_server, content.traits)


def newest(identifications: Sequence[Identification]) -> list[Identification]:
    """One of each identity."""
    return list({(entry.environment_id, entry.identifier): entry for entry in identifications}.values())
