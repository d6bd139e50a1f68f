"""Requests whose whole head was seen before, and which the application can answer without a wait.

Their head need not be read again, and there is no exchange and no coroutine. Measured with 64 clients, processor time
of the worker for a request, before and with shortcuts:

    GET /flags/                                    25.0 → 15.7 µs
    the same, 304                                  19.1 → 11.5
    POST /identities/, stored, unchanged traits    50.0 → 32.4
    POST /identities/, transient                   49.2 → 36.8
    POST /analytics/flags/                         26.1 → 16.2
"""

from collections.abc import Callable

from vexil.dataplane.rsgi import Finished, Scope
from vexil.server.http1.answers import KnownHeads, framing
from vexil.server.http1.heads import Fields, RequestLine
from vexil.wire.headers import Headers

Answer = Callable[[bytes], Finished | None]
"""Takes the body; None where the application wants to be asked in the usual way."""
Find = Callable[[Scope], Answer | None]

_REMEMBERED_MAX = 2_000
_REMEMBERED_BYTES_MAX = 1_000
"""Of one head; together with the limit of heads this bounds the memory to a few megabytes."""


class Shortcut:
    """One head of a request, and what answers it."""

    __slots__ = ("_answer", "_head", "_headers", "_heads", "_status", "body_bytes")

    def __init__(self, answer: Answer, body_bytes: int, heads: KnownHeads) -> None:
        self._answer = answer
        self.body_bytes = body_bytes
        self._heads = heads
        self._status = 0
        self._headers: Headers = ()
        self._head = b""

    def answer(self, content: bytes, date_line: bytes) -> list[bytes] | None:
        finished = self._answer(content)
        if finished is None:
            return None
        status, headers, body = finished
        if headers is not self._headers or status != self._status:
            self._status, self._headers, self._head = status, headers, self._heads.write(status, headers)
        head = b"%b%b%b" % (self._head, framing(status, body), date_line)
        return [head, body] if body else [head]


class Shortcuts:
    """By head. When there are too many, all are forgotten and found anew."""

    def __init__(self, find: Find, heads: KnownHeads) -> None:
        self._find = find
        self._heads = heads
        self._known: dict[bytes, Shortcut | None] = {}

    def take(self, received: bytes, date_line: bytes) -> tuple[list[bytes], bytes] | None:
        """The answer to the first request among the bytes, and the bytes behind it."""
        start = received.find(b"\r\n\r\n") + 4
        shortcut = self._known.get(received[:start])
        if shortcut is None:
            return None
        end = start + shortcut.body_bytes
        if len(received) < end:
            return None
        answer = shortcut.answer(received[start:end], date_line)
        return None if answer is None else (answer, received[end:])

    def learn(self, head: bytes, line: RequestLine, fields: Fields, scope: Scope) -> None:
        """Ask the application once about each head that may come again. Those with a query are too many and differ."""
        if line.query_string or len(head) > _REMEMBERED_BYTES_MAX or head in self._known:
            return
        if len(self._known) >= _REMEMBERED_MAX:
            self._known.clear()
        self._known[head] = self._found(line, fields, scope)

    def _found(self, line: RequestLine, fields: Fields, scope: Scope) -> Shortcut | None:
        is_plain = not (line.is_http_1_0 or fields.closes or fields.expects_continue)
        if not is_plain or fields.body_bytes is None:
            return None
        answer = self._find(scope)
        return None if answer is None else Shortcut(answer, fields.body_bytes, self._heads)
