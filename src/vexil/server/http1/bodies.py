"""The body of a request as its bytes arrive, by length or in chunks."""

import asyncio
import re
from collections import deque
from typing import Protocol

from vexil.dataplane.rsgi import ProtocolClosed
from vexil.server.http1.heads import BadRequest

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_LINE_BYTES_MAX = 4_096
_TRAILER_BYTES_MAX = 16_384


class Framing(Protocol):
    """Tells where a body ends."""

    is_complete: bool

    def take(self, arrived: bytes) -> tuple[list[bytes], bytes]:
        """The body's bytes among what arrived, and the rest that is not (or not yet known to be) of it."""
        ...


class Length:
    """A body of so many bytes."""

    def __init__(self, missing: int) -> None:
        self._missing = missing
        self.is_complete = missing == 0

    def take(self, arrived: bytes) -> tuple[list[bytes], bytes]:
        piece, rest = arrived[: self._missing], arrived[self._missing :]
        self._missing -= len(piece)
        self.is_complete = self._missing == 0
        return [piece], rest


class Chunks:
    """A body in chunks (RFC 9112 §7.1); extensions and trailers are read over."""

    def __init__(self) -> None:
        self.is_complete = False
        self._missing = 0
        """Bytes of the present chunk, its line end included."""
        self._is_in_trailer = False
        self._trailer_bytes = 0

    def take(self, arrived: bytes) -> tuple[list[bytes], bytes]:
        pieces: list[bytes] = []
        position = 0
        while not self.is_complete:
            if self._missing:
                taken = min(self._missing, len(arrived) - position)
                if not taken:
                    break
                pieces.append(self._of_chunk(arrived[position : position + taken]))
                position += taken
                continue
            end = arrived.find(b"\r\n", position)
            if end < 0:
                if len(arrived) - position > _LINE_BYTES_MAX:
                    raise BadRequest(400, "A line of the chunked body is too long.")
                break
            self._read_line(arrived[position:end])
            position = end + 2
        return pieces, arrived[position:]

    def _of_chunk(self, data: bytes) -> bytes:
        """What of it is content; the two last bytes of a chunk must be its line end."""
        before, self._missing = self._missing, self._missing - len(data)
        content = max(0, min(len(data), before - 2))
        if data[content:] != b"\r\n"[2 - min(before, 2) :][: len(data) - content]:
            raise BadRequest(400, "A chunk of the body is longer than it says.")
        return data[:content]

    def _read_line(self, line: bytes) -> None:
        if self._is_in_trailer:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > _TRAILER_BYTES_MAX:
                raise BadRequest(400, "The trailer of the body is too long.")
            self.is_complete = not line
            return
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise BadRequest(400, "The size of a chunk of the body is malformed.")
        size = int(match[1], 16)
        self._is_in_trailer = size == 0
        self._missing = size + 2 if size else 0


class Body:
    """Pieces that wait for the application, which waits for pieces."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self.waiting_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._is_cut_off = False
        self._arrival: asyncio.Future[None] | None = None

    @property
    def is_awaited(self) -> bool:
        return self._arrival is not None

    def feed(self, arrived: bytes) -> bytes:
        """Take what belongs to the body; the rest. Raise `BadRequest`."""
        pieces, rest = self.framing.take(arrived)
        for piece in filter(None, pieces):
            self._pieces.append(piece)
            self.waiting_bytes += len(piece)
        self._wake()
        return rest

    def cut_off(self) -> None:
        """No more will come."""
        self._is_cut_off = True
        self._wake()

    async def next_piece(self) -> bytes | None:
        """None at the body's end; raise `ProtocolClosed` when the client leaves before it."""
        while not self._pieces:
            if self.framing.is_complete:
                return None
            if self._is_cut_off:
                raise ProtocolClosed
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        piece = self._pieces.popleft()
        self.waiting_bytes -= len(piece)
        return piece

    def _wake(self) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival and not arrival.done():
            arrival.set_result(None)
