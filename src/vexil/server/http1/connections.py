"""One connection: requests are taken from it in order, one at a time, and answered in that order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, cast

import structlog

from vexil.server.http1 import answers, heads
from vexil.server.http1.bodies import Body, Chunks, Length
from vexil.server.http1.exchanges import Exchange
from vexil.server.http1.heads import BadRequest, Fields
from vexil.server.http1.hub import Hub
from vexil.server.http1.pending import Pending
from vexil.server.http1.receiving import Incoming
from vexil.server.http1.sending import Outgoing
from vexil.wire import json_text
from vexil.wire.errors import explain, with_explanation
from vexil.wire.headers import NO_STORE, VERSION, Headers
from vexil.wire.json_text import Text

log = structlog.get_logger(__name__)

_HEAD_BYTES_MAX = 65_536
_UNREAD_BYTES_MAX = 262_144
"""What may wait in memory for a request that is not read on, before the client is made to wait."""

_IDLE_SECONDS = 75
_STALLED_SECONDS = 30
"""For a head to be complete, for the next bytes of a body, and for a client to take some of its answer."""
_LINGER_SECONDS = 2
"""How long what a refused client still sends is read over: closed at once, it could not read its answer."""

_NO_TOKEN_BEGINS_UP_TO = 0x20
"""TLS does, which would otherwise wait for an answer until it is given up."""

_JSON = (("Content-Type", "application/json"), *VERSION, *NO_STORE)
_SOON = (("Retry-After", "1"),)


class Connection(asyncio.Protocol):
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.client = ""
        self.is_lost = True
        self.is_ending = False
        """The present answer, if there is one, is the last."""
        self._transport = cast("asyncio.Transport", None)  # There are these from `connection_made` on.
        self._incoming = cast("Incoming", None)
        self._outgoing = cast("Outgoing", None)
        self._received = b""
        self._exchange: Exchange | Pending | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_lingering = False
        self._is_heard_out = False
        """The client has closed its half."""
        self._room: asyncio.Future[None] | None = None
        """Waited for while the client is behind in taking its answer."""
        self._since = self._hub.now
        """The last time at which it went on."""

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._incoming = Incoming(self._transport)
        self._outgoing = Outgoing(self._transport, self._hub.together)
        self.is_lost = False
        address = transport.get_extra_info("peername")
        self.client = f"{address[0]}:{address[1]}" if address else ""
        if not self._hub.admit(self):
            self._refuse(BadRequest(503, "Too many connections are open."))

    def data_received(self, chunk: bytes) -> None:
        if self._is_lingering:
            return
        exchange = self._exchange
        if exchange is None and not self._received:
            self._since = self._hub.now
        self._received += chunk
        if exchange is None:
            self._take_requests()
            return
        if exchange.body is not None and not exchange.body.framing.is_complete:
            self._feed(exchange.body)
        if len(self._received) > _HEAD_BYTES_MAX:
            self._incoming.pause()

    def eof_received(self) -> bool:
        """The client may still wait for the answers to what it has sent."""
        if self._exchange is None:
            self._outgoing.flush()
            return False
        self._is_heard_out, self.is_ending = True, not self._received
        self._exchange.cut_off()
        return True

    def connection_lost(self, _: Exception | None) -> None:
        self.is_lost = self.is_ending = True
        self._hub.forget(self)
        self._received = b""
        self.resume_writing()
        if self._exchange:
            self._exchange.cut_off()

    def pause_writing(self) -> None:
        self._since = self._hub.now
        self._room = self._hub.loop.create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room and not room.done():
            room.set_result(None)
        if self._exchange is None:
            self._take_requests()

    # What exchanges ask for.

    def head(self, status: int, headers: Headers, *more: bytes) -> bytes:
        return b"".join((self._hub.heads.write(status, headers), *more, self._hub.date_line))

    def write(self, pieces: list[Text]) -> None:
        self._outgoing.write(pieces)

    def send(self, pieces: list[Text]) -> None:
        """A whole answer, together with those of other connections."""
        self._outgoing.send(pieces)

    async def drained(self) -> None:
        if self._room is not None:
            await self._room

    def may_read(self, body: Body) -> None:
        """Some of the body was taken."""
        if body.waiting_bytes < _UNREAD_BYTES_MAX:
            self._incoming.resume()

    # What the server asks for.

    def end(self) -> None:
        """Close it when the present request is answered, at once if there is none."""
        self.is_ending = True
        if self._exchange is None and not self._is_lingering:
            self._close()

    def abort(self) -> None:
        self._transport.abort()

    def look_after(self, now: float) -> None:
        """Close it if the client has kept it waiting for too long."""
        waited, exchange = now - self._since, self._exchange
        if exchange is None:
            is_over = waited > (_STALLED_SECONDS if self._received else _IDLE_SECONDS)
        else:
            waits_for_body = exchange.body is not None and exchange.body.is_awaited
            is_over = waited > _STALLED_SECONDS and (waits_for_body or self._room is not None)
        if is_over:
            self.abort()

    # Requests, one after the other.

    def _take_requests(self) -> None:
        try:
            while self._exchange is None and self._received and self._room is None and not self.is_ending:
                if self._take_shortcut():
                    continue
                if (exchange := self._next_exchange()) is None:
                    break
                self._exchange = exchange
                self._run(self._hub.application(exchange, exchange))
        except BadRequest as refusal:
            self._refuse(refusal)
        if self._is_heard_out and self._exchange is None and self._room is None:
            self._close()
        # A client may send ahead while it takes no answers: only so much of that is read.
        self._incoming.limit(len(self._received), _HEAD_BYTES_MAX)

    def _take_shortcut(self) -> bool:
        """Whether there was one for the next request, which may be answered now."""
        if (taken := self._hub.shortcuts.take(self._received)) is None:
            return False
        shortcut, asked, end = taken
        if (answer := shortcut.answer(asked)) is None:
            return False
        self._received = self._received[end:]
        if isinstance(answer, tuple):
            self._outgoing.send(shortcut.written(answer, self._hub.date_line))
            self._since = self._hub.now
        else:
            self._exchange = pending = Pending(self)
            self._run(pending.wait_for(answer))
        return True

    def _next_exchange(self) -> Exchange | None:
        """The next request, once its head is complete."""
        received = self._received
        if received[0] in b"\r\n":  # RFC 9112 §2.2: empty lines before a request are read over.
            received = self._received = received.lstrip(b"\r\n")
        end = received.find(b"\r\n\r\n")
        if (end if end >= 0 else len(received)) > _HEAD_BYTES_MAX:
            raise BadRequest(431, "The head of the request is too large.")
        if end < 0:
            if received and received[0] <= _NO_TOKEN_BEGINS_UP_TO:
                raise BadRequest(400, "This is no HTTP. TLS ends at a proxy before this server.")
            return None
        line_end = received.find(b"\r\n")
        line = heads.request_line(received[:line_end])
        fields = self._hub.fields.read(received[line_end + 2 : end + 2])
        if not fields.has_host and not line.is_http_1_0:
            raise BadRequest(400, "The header field Host is missing.")
        exchange = self._with_body(line, fields, received, end + 4)
        self._hub.shortcuts.learn(received[: end + 4], line, fields, exchange)
        return exchange

    def _with_body(self, line: heads.RequestLine, fields: Fields, received: bytes, start: int) -> Exchange:
        length = fields.body_bytes
        if length is not None and len(received) - start >= length:
            self._received = received[start + length :]
            return Exchange(self, line, fields, received[start : start + length])
        exchange = Exchange(self, line, fields, None)
        exchange.body = Body(Chunks() if length is None else Length(length))
        self._received = exchange.body.feed(received[start:])
        return exchange

    def _feed(self, body: Body) -> None:
        self._since = self._hub.now
        try:
            self._received = body.feed(self._received)
        except BadRequest:
            # Nobody knows where this request ends: the application answers it as one that was cut off.
            self.is_ending = True
            body.cut_off()
        if body.waiting_bytes > _UNREAD_BYTES_MAX:
            self._incoming.pause()

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Until it waits for the first time. Most never do and need no task, which saves 2 µs of 15.

        So there is no current task yet, and what needs one (`asyncio.timeout`) has no place before the first wait.
        """
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            self._finish()
        except Exception:
            log.exception("request.failed")
            self._finish()
        else:
            self._task = self._hub.loop.create_task(self._finish_later(_Rest(coroutine, awaited)))

    async def _finish_later(self, rest: _Rest) -> None:
        try:
            await rest
        except Exception:
            # The outermost point of a request: whatever the application did not answer is a 500.
            log.exception("request.failed")
        self._finish()
        self._take_requests()

    def _finish(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        exchange.finish()
        self._since = self._hub.now
        if exchange.body is not None and not exchange.body.framing.is_complete:
            self._linger()
        elif exchange.is_last or self.is_ending:
            self._close()

    def _refuse(self, refusal: BadRequest) -> None:
        """Answer what is no request, and read no further."""
        headers, body = _explained(refusal)
        self.write([self.head(refusal.status, headers, answers.framing(refusal.status, body), answers.CLOSE), body])
        self._linger()

    def _linger(self) -> None:
        self._is_lingering = self.is_ending = True
        self._received, self._since = b"", self._hub.now
        self._outgoing.flush()
        if self._is_heard_out:
            self._transport.close()
        elif not self.is_lost:
            self._transport.write_eof()
            self._incoming.resume()
            self._hub.loop.call_later(_LINGER_SECONDS, self._transport.abort)

    def _close(self) -> None:
        self._outgoing.flush()
        self._transport.close()


def _explained(refusal: BadRequest) -> tuple[Headers, bytes]:
    is_full = refusal.status == 503
    explanation = explain("too_many_connections" if is_full else "malformed_request")
    headers = (*_JSON, *explanation.headers, *(_SOON if is_full else ()))
    return headers, json_text.dumps(with_explanation({"detail": refusal.text}, explanation))


class _Rest:
    """A coroutine that ran up to its first wait, as something to await in a task: it is handed that wait first."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited
        self._is_handed_over = False

    def __await__(self) -> Generator[Any, Any, None]:
        return cast("Generator[Any, Any, None]", self)

    def __next__(self) -> Any:
        if self._is_handed_over:
            return self._coroutine.send(None)
        self._is_handed_over = True
        return self._awaited

    def throw(self, error: BaseException) -> Any:
        """What was waited for has failed."""
        return self._coroutine.throw(error)

    def close(self) -> None:
        self._coroutine.close()
