"""Where the control plane leaves an environment's snapshot and the data plane finds it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EnvironmentKey:
    """A key that opens an environment; `expires_at` is None for client keys and for server keys without end."""

    key: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a stored snapshot without its body. A deleted environment leaves a head without keys."""

    environment_id: int
    version: int
    change: int
    """Position in the order of all writes; readers ask for what came after the last one they saw."""
    keys: tuple[EnvironmentKey, ...]


class SnapshotStore(Protocol):
    def put(self, environment_id: int, version: int, keys: tuple[EnvironmentKey, ...], body: bytes) -> bool:
        """Keep a snapshot unless one of this or a later version is there; say whether it was kept.

        On disk when it returns, and every `Wakeup` of this database fires.
        """
        ...

    def forget(self, environment_id: int, version: int) -> None:
        """Replace a deleted environment's snapshot by a head without keys and body."""
        ...

    def heads(self, after: int = 0) -> list[Head]:
        """The heads written after change number `after`, in the order of their writes."""
        ...

    def body(self, environment_id: int) -> tuple[int, bytes] | None:
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
