"""Requests whose answers are noticed on their way out, for metrics, traces and the access log."""

from collections.abc import AsyncIterator, Awaitable
from time import perf_counter

from vexil.dataplane.rsgi import Scope, Stream, Transport
from vexil.wire.headers import Headers
from vexil.wire.json_text import Text


class NoticedStream:
    """A request's stream. What it says of the answer holds once the request is over."""

    def __init__(self, scope: Scope, stream: Stream) -> None:
        self._stream = stream
        self._has_body = scope.method != "HEAD"
        self._began = perf_counter()
        self._transport: Transport | None = None
        self.status = 500
        self.headers: Headers = ()
        self.seconds = 0.0
        """Until the answer began."""
        self.body_bytes = 0
        self.route = ""
        """Set by whoever finds out; empty for a path that there is not."""

    async def __call__(self) -> bytes:
        return await self._stream()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    def client_disconnect(self) -> Awaitable[None]:
        return self._stream.client_disconnect()

    def response_empty(self, status: int, headers: Headers) -> None:
        self._notice(status, headers, 0)
        self._stream.response_empty(status, headers)

    def response_bytes(self, status: int, headers: Headers, body: Text) -> None:
        self._notice(status, headers, len(body))
        self._stream.response_bytes(status, headers, body)

    def response_stream(self, status: int, headers: Headers) -> Transport:
        self._notice(status, headers, 0)
        self._transport = self._stream.response_stream(status, headers)
        return self

    async def send_bytes(self, data: bytes) -> None:
        assert self._transport, "an answer in pieces begins with its head"
        self.body_bytes += len(data)
        await self._transport.send_bytes(data)

    def _notice(self, status: int, headers: Headers, body_bytes: int) -> None:
        self.seconds = perf_counter() - self._began
        self.status = status
        self.headers = headers
        self.body_bytes = body_bytes if self._has_body else 0
