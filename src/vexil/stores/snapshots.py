"""Where the control plane leaves an environment's snapshot and the data plane finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from mmap import mmap
from typing import Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    """A key that opens an environment, or did; `expires_at` is None for client keys and for server keys without end."""

    key: str
    expires_at: datetime | None = None
    ended: str | None = None
    """Why the key opens nothing any more, as a code of the error catalogue; `key` is then its digest only."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a stored snapshot without its body. A deleted environment leaves a head without keys."""

    environment_id: int
    version: int
    change: int
    """Position in the order of all writes; readers ask for what came after the last one they saw."""
    keys: tuple[EnvironmentKey, ...]
    """Those that open it."""
    ended: tuple[EnvironmentKey, ...] = ()
    """Those that did."""


_keys_decoder = msgspec.json.Decoder(tuple[EnvironmentKey, ...])


def keys_text(keys: tuple[EnvironmentKey, ...]) -> str:
    """The column that both databases keep the keys in."""
    return msgspec.json.encode(keys).decode()


def head(environment_id: int, version: int, change: int, keys: str) -> Head:
    decoded = _keys_decoder.decode(keys)
    opening = tuple(key for key in decoded if key.ended is None)
    return Head(environment_id, version, change, opening, tuple(key for key in decoded if key.ended is not None))


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """A snapshot to be kept, with the keys that open its environment."""

    environment_id: int
    version: int
    keys: tuple[EnvironmentKey, ...]
    body: bytes


class SnapshotStore(Protocol):
    def put(self, environment_id: int, version: int, keys: tuple[EnvironmentKey, ...], body: bytes) -> bool:
        """Keep a snapshot unless one of this or a later version is there; say whether it was kept.

        On disk when it returns, and every `Wakeup` of this database fires.
        """
        ...

    def put_all(self, snapshots: Sequence[NewSnapshot]) -> None:
        """The same with several, all of them in one transaction."""
        ...

    def forget(self, environment_id: int, version: int, ended: tuple[EnvironmentKey, ...] = ()) -> None:
        """Replace a deleted environment's snapshot by a head without body, and without keys but the ended ones."""
        ...

    def heads(self, after: int = 0) -> list[Head]:
        """The heads written after change number `after`, in the order of their writes."""
        ...

    def body(self, environment_id: int) -> tuple[int, bytes | mmap] | None:
        """The newest version and its body; None when unknown or deleted."""
        ...

    def close(self) -> None: ...


class Wakeup(Protocol):
    """Tells a process that some snapshot changed, in whichever process that was."""

    def wait(self, timeout_seconds: float) -> bool:
        """Block until a change may have happened (True) or the time is over (False). May wake without cause."""
        ...

    def interrupt(self) -> None:
        """Make a `wait` in another thread return soon."""
        ...

    def close(self) -> None: ...
