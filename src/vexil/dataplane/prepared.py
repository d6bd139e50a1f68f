"""Answers for identities, kept ready for the next request that asks the same.

Flags are a pure function of the snapshot, the stored traits and the request. So an answer can be given again
while all three are the same: it hangs on the view of one snapshot, its key is the request, and it is used only
when the identity's row is what it was. SDKs poll with the same request over and over; measured on 100 flags,
50 segments and 5 traits, an answer from here costs 11 µs instead of 75.
"""

from typing import NamedTuple, Protocol
from weakref import WeakSet

from vexil.dataplane.recent import Recent
from vexil.stores.identifications import Identification
from vexil.stores.identities import Identity

_ENTRY_BYTES = 600
_POINTER_BYTES = 8


class Prepared(NamedTuple):
    """An answer but for its last concatenation."""

    identifier: str | None
    """The stored identity that must be looked at first; None when the answer hangs on no stored one."""
    identity_id: int | None
    traits_text: str | None
    pieces: list[bytes]
    """The body, once they are joined by commas. The flags among them are shared with the view, so an entry is small."""
    identification: Identification | None = None
    """What integrations are told each time the answer is given; None where there are none."""

    def holds_for(self, identity: Identity | None) -> bool:
        if identity is None:
            return self.identity_id is None
        return self.traits_text == identity.traits_text and self.identity_id == identity.id

    def body(self) -> bytes:
        return b",".join(self.pieces)


def pieces(head: bytes, flags: list[bytes]) -> list[bytes]:
    """What is joined by commas to the head, the flags in a list that it has begun, and the end."""
    if not flags:
        return [head + b"]}"]
    if len(flags) == 1:
        return [head + flags[0] + b"]}"]
    return [head + flags[0], *flags[1:-1], flags[-1] + b"]}"]


class HasPrepared(Protocol):
    """What answers hang on; with it they go."""

    prepared: dict[str | bytes, Prepared]


class PreparedAnswers:
    """Bounds the memory of all prepared answers of a process. When it is full, all are forgotten and made anew.

    An answer is kept when it is given for the second time: requests that differ each time would push out the others.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._asked = Recent()
        self._holders: WeakSet[HasPrepared] = WeakSet()

    def keep(self, holder: HasPrepared, key: str | bytes, answer: Prepared) -> None:
        size = _ENTRY_BYTES + len(key) + len(answer.pieces[0]) + len(answer.pieces[-1])
        size += len(answer.pieces) * _POINTER_BYTES
        if size > self._bytes_max or not self._asked.came_before(key):
            return
        self._bytes += size
        if self._bytes > self._bytes_max:
            self._forget_all()
            self._bytes = size
        if not holder.prepared:
            self._holders.add(holder)
        holder.prepared[key] = answer

    def _forget_all(self) -> None:
        for holder in self._holders:
            holder.prepared.clear()
        self._holders.clear()
