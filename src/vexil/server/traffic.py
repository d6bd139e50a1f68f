"""Counts the requests of a worker for its metrics: how many, how long, how large, by route, method and status.

Only where metrics are on; otherwise none of this is called. What it adds to a request that has a shortcut is measured
in docs/adr/0013. Runs on the event loop alone, so that it needs no lock.
"""

from bisect import bisect_left
from collections.abc import Awaitable
from time import perf_counter
from typing import NamedTuple

from vexil.dataplane.rsgi import Answer, Finished, Scope
from vexil.metrics.families import REQUEST_SECONDS, RESPONSE_BYTES
from vexil.metrics.registry import Distribution, registry
from vexil.server.noticing import NoticedStream

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


def count(scope: Scope, noticed: NoticedStream) -> None:
    """Count a request that took the whole way, once it is over."""
    method = scope.method if scope.method in _METHODS else UNKNOWN
    taken, sizes = _answered(noticed.route or UNKNOWN, method, noticed.status)
    taken.add(noticed.seconds, _SECONDS)
    sizes.add(noticed.body_bytes, _SIZES)


def _answered(route: str, method: str, status: int) -> _Answered:
    labels = (route, method, str(status))
    return _Answered(registry.distribution(REQUEST_SECONDS, *labels), registry.distribution(RESPONSE_BYTES, *labels))
