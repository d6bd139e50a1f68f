"""Counts the requests of a worker for its metrics: how many, how long, how large, by route, method and status.

Only where metrics are on; otherwise none of this is called. What it adds to a request that has a shortcut is measured
in docs/adr/0013. Runs on the event loop alone, so that it needs no lock.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable
from time import perf_counter
from typing import NamedTuple

from vexil.dataplane.rsgi import Answer, Finished, Scope, Stream, Transport
from vexil.metrics.families import REQUEST_SECONDS, RESPONSE_BYTES
from vexil.metrics.registry import Distribution, registry
from vexil.wire.headers import Headers

UNKNOWN = "unknown"
"""The route of a path that there is not: each of its own would be labels without end."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS, _SIZES = REQUEST_SECONDS.bounds, RESPONSE_BYTES.bounds
_QUICK = _SECONDS[0]


class _Answered(NamedTuple):
    """What answers with the same route, method and status are added to."""

    seconds: Distribution
    sizes: Distribution


def counted(answer: Answer, route: str, method: str) -> Answer:
    """The same shortcut, with its answers counted."""
    known: dict[int, _Answered] = {}

    def answer_and_count(asked: bytes) -> Finished | Awaitable[Finished] | None:
        began = perf_counter()
        finished = answer(asked)
        if finished is None:
            return None
        return count(finished, began) if isinstance(finished, tuple) else count_later(finished, began)

    async def count_later(answered: Awaitable[Finished], began: float) -> Finished:
        return count(await answered, began)

    def count(finished: Finished, began: float) -> Finished:
        seconds = perf_counter() - began
        status, _, body = finished
        answered = known.get(status)
        if answered is None:
            answered = known[status] = _answered(route, method, status)
        taken, sizes = answered
        taken.counts[0 if seconds <= _QUICK else bisect_left(_SECONDS, seconds)] += 1
        taken.total += seconds
        size = len(body)
        sizes.counts[bisect_left(_SIZES, size)] += 1
        sizes.total += size
        return finished

    return answer_and_count


class CountedStream:
    """A request's stream that notices its answer. `route` is set by whoever finds out."""

    def __init__(self, scope: Scope, stream: Stream) -> None:
        self._stream = stream
        self._method = scope.method if scope.method in _METHODS else UNKNOWN
        self._has_body = scope.method != "HEAD"
        self._began = perf_counter()
        self.status = 500
        self._seconds = 0.0
        self._bytes = 0
        self._transport: Transport | None = None
        self.route = UNKNOWN

    async def __call__(self) -> bytes:
        return await self._stream()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    def client_disconnect(self) -> Awaitable[None]:
        return self._stream.client_disconnect()

    def response_empty(self, status: int, headers: Headers) -> None:
        self._answered(status, 0)
        self._stream.response_empty(status, headers)

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        self._answered(status, len(body))
        self._stream.response_bytes(status, headers, body)

    def response_stream(self, status: int, headers: Headers) -> Transport:
        self._answered(status, 0)
        self._transport = self._stream.response_stream(status, headers)
        return self

    async def send_bytes(self, data: bytes) -> None:
        assert self._transport, "an answer in pieces begins with its head"
        self._bytes += len(data)
        await self._transport.send_bytes(data)

    def end(self) -> None:
        """The request is over."""
        taken, sizes = _answered(self.route, self._method, self.status)
        taken.add(self._seconds or perf_counter() - self._began, _SECONDS)
        sizes.add(self._bytes, _SIZES)

    def _answered(self, status: int, body_bytes: int) -> None:
        self._seconds = perf_counter() - self._began
        self.status = status
        self._bytes = body_bytes if self._has_body else 0


def _answered(route: str, method: str, status: int) -> _Answered:
    labels = (route, method, str(status))
    return _Answered(registry.distribution(REQUEST_SECONDS, *labels), registry.distribution(RESPONSE_BYTES, *labels))
