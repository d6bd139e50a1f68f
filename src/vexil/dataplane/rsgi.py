"""Requests and answers of the data plane, in the few words of RSGI that it uses (docs/adr/0009)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, Protocol

from vexil.dataplane import compression
from vexil.dataplane.compression import Compressible
from vexil.wire.headers import Headers
from vexil.wire.json_text import Text

ScopeHeaders = Mapping[str, str]
"""By name in lower case."""


class Head(Protocol):
    """What an explanation of a refusal needs to know of the request."""

    @property
    def path(self) -> str: ...
    @property
    def headers(self) -> ScopeHeaders: ...


class Scope(Head, Protocol):
    """What the server tells of a request before its body."""

    @property
    def method(self) -> str: ...
    @property
    def query_string(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def scheme(self) -> str: ...


class Transport(Protocol):
    """An answer that is sent in pieces; it ends with the coroutine that answers."""

    async def send_bytes(self, data: bytes) -> None: ...


class Stream(Protocol):
    """The request's body, the answer, and the client's presence."""

    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: Text) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Transport: ...
    def client_disconnect(self) -> Awaitable[None]: ...


class Response(NamedTuple):
    status: int
    headers: Headers
    body: Text = b""
    pieces: AsyncIterator[bytes] | None = None
    """The body as it comes to be, in place of `body`."""
    prepared: Compressible | None = None
    """What keeps the body's compressed forms, if the body is used again."""


Finished = tuple[int, Headers, Text]
"""Status, all headers and the whole body of an answer."""
Answer = Callable[[bytes], Finished | Awaitable[Finished] | None]
"""What answers requests with one head: takes the query of a GET, the body of any other request.

None where the whole application is to be asked.
"""


class ProtocolClosed(Exception):
    """The client is gone."""


class BodyTooLarge(Exception):
    """The body has more bytes than are taken."""


class BodyIncomplete(Exception):
    """The client stopped sending before the body's end."""


async def read_body(headers: ScopeHeaders, stream: Stream, bytes_max: int) -> bytes:
    """The whole body; raise `BodyTooLarge` before reading more than `bytes_max`, or `BodyIncomplete`."""
    length = headers.get("content-length")
    if length is None and headers.get("transfer-encoding") is None:
        return b""
    if length is not None and (not length.isdecimal() or int(length) > bytes_max):
        raise BodyTooLarge
    try:
        return await (stream() if length is not None else _read_chunks(stream, bytes_max))
    except ProtocolClosed:
        raise BodyIncomplete from None


async def _read_chunks(stream: Stream, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > bytes_max:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


async def compressed(response: Response, coding: str) -> Response:
    """The same answer compressed, if that is worth it."""
    if response.status != 200 or response.pieces is not None or len(response.body) < compression.BYTES_MIN:
        return response
    again = response.prepared
    body = await (again.compressed(coding) if again else compression.compressed(response.body, coding))
    return response._replace(headers=(*response.headers, ("Content-Encoding", coding)), body=body)


def send(stream: Stream, response: Response, shared: Headers = ()) -> None:
    headers = response.headers + shared
    if response.status == 304:
        stream.response_empty(response.status, headers)
    else:
        stream.response_bytes(response.status, headers, response.body)


async def send_pieces(stream: Stream, response: Response, pieces: AsyncIterator[bytes], shared: Headers) -> None:
    transport = stream.response_stream(response.status, response.headers + shared)
    with suppress(ProtocolClosed):  # The client may go before the end.
        async for piece in pieces:
            await transport.send_bytes(piece)
