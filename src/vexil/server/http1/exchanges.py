"""One request and its answer as the application sees them: RSGI's scope and its protocol object, in one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from vexil.dataplane.rsgi import ProtocolClosed
from vexil.server.http1 import answers
from vexil.server.http1.bodies import Body
from vexil.server.http1.heads import Fields, RequestLine
from vexil.wire.headers import Headers
from vexil.wire.json_text import Text


class Wire(Protocol):
    """What an exchange needs of its connection."""

    client: str
    is_lost: bool
    is_ending: bool

    def head(self, status: int, headers: Headers, *more: bytes) -> bytes: ...
    def write(self, pieces: list[Text]) -> None: ...
    def send(self, pieces: list[Text]) -> None:
        """A whole answer, which may wait for others of this moment."""
        ...

    async def drained(self) -> None: ...
    def may_read(self, body: Body) -> None: ...


class Exchange:
    __slots__ = (
        "_connection", "_fields", "_gone", "_is_chunked", "body", "content", "headers", "is_answered", "is_http_1_0",
        "is_last", "method", "path", "query_string",
    )  # fmt: skip
    scheme = "http"

    def __init__(self, connection: Wire, line: RequestLine, fields: Fields, content: bytes | None) -> None:
        """`content` is the whole body if it is here already."""
        self.method, self.path, self.query_string, self.is_http_1_0 = line
        self.headers = fields.values
        self.content = content
        self.body: Body | None = None
        self.is_answered = False
        self.is_last = fields.closes or (self.is_http_1_0 and not fields.keeps_alive)
        self._fields = fields
        self._connection = connection
        self._is_chunked = False
        self._gone: asyncio.Future[None] | None = None

    @property
    def client(self) -> str:
        return self._connection.client

    async def __call__(self) -> bytes:
        """The whole body."""
        if self.content is None:
            self.content = b"".join([piece async for piece in self])
        return self.content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.content:
            yield self.content
        if self.body is None:
            return
        if self._fields.expects_continue and not self.is_http_1_0:
            self._connection.write([answers.CONTINUE])
        while (piece := await self.body.next_piece()) is not None:
            self._connection.may_read(self.body)
            yield piece

    def response_empty(self, status: int, headers: Headers) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: Headers, body: Text) -> None:
        connection = self._connection
        head = self._head(status, headers, answers.framing(status, body))
        connection.send([head, body] if body and self.method != "HEAD" else [head])

    def response_stream(self, status: int, headers: Headers) -> Exchange:
        """Its `send_bytes` is used until the request's coroutine ends."""
        self._is_chunked = not self.is_http_1_0
        self.is_last |= self.is_http_1_0
        self._connection.write([self._head(status, headers, answers.CHUNKED if self._is_chunked else b"")])
        return self

    async def send_bytes(self, data: bytes) -> None:
        """Send a piece of the answer, once the client has taken most of those before; raise `ProtocolClosed`."""
        if self._connection.is_lost:
            raise ProtocolClosed
        if data:
            self._connection.write([b"%x\r\n" % len(data), data, b"\r\n"] if self._is_chunked else [data])
        await self._connection.drained()

    def client_disconnect(self) -> asyncio.Future[None]:
        """Done when the client is gone."""
        self._gone = asyncio.get_running_loop().create_future()
        if self._connection.is_lost:
            self._gone.set_result(None)
        return self._gone

    def finish(self) -> None:
        """The application is done with it."""
        if not self.is_answered:
            self.is_last = True
            self.response_bytes(500, (), b"")
        elif self._is_chunked:
            self._connection.write([b"0\r\n\r\n"])

    def cut_off(self) -> None:
        """The client is gone, or will at least send no more."""
        if self.body:
            self.body.cut_off()
        if self._gone and not self._gone.done():
            self._gone.set_result(None)

    def _head(self, status: int, headers: Headers, framing: bytes) -> bytes:
        if self.is_answered:
            raise RuntimeError("A request is answered once.")
        self.is_last |= self._connection.is_ending or (self.body is not None and not self.body.framing.is_complete)
        persistence = answers.CLOSE if self.is_last else answers.KEEP_ALIVE if self.is_http_1_0 else b""
        head = self._connection.head(status, headers, framing, persistence)
        self.is_answered = True
        return head
