"""`GET /sse/environments/<client key>/stream`: clients hear of each change at once (sdk-api.md §8).

An event says only when the environment last changed, so the newest one stands for all before it: a client that
is slow, or was away, needs no history. Open to every environment, without a switch per project.
"""

import asyncio
import random
import re
import resource
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import parse_qsl

from vexil.dataplane import errors, serving
from vexil.dataplane.audience import Audience, Client, Event
from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.environments import Environments
from vexil.dataplane.rsgi import ProtocolClosed, Scope, Stream
from vexil.wire.headers import VERSION, Headers
from vexil.wire.keys import is_server_key

_PATH = re.compile(r"/sse/environments/([^/]+)/stream/?")
ROUTE = "/sse/environments/{environment_api_key}/stream"

_HEADERS: Headers = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache"),
    ("X-Accel-Buffering", "no"),
    ("Access-Control-Allow-Origin", "*"),
    *VERSION,
)

_RETRY_MILLISECONDS = (5_000, 15_000)
"""How long a client waits before it comes back: each its own time, so that not all come at once after a restart."""

_RETRY_AFTER_SECONDS = (5, 30)
_LIFE_SECONDS = (2_700, 3_600)
"""The server buffers what a stalled client does not take; an end to every stream bounds that memory."""

_PING = b":\n\n"
_PING_SECONDS = 25
_TURN_SECONDS_MAX = 10.0


class Limits(NamedTuple):
    streams: int
    new_per_second: int


def key_of(path: str) -> str | None:
    """The environment key in a stream's path; None for any other path."""
    match = _PATH.fullmatch(path)
    return match[1] if match else None


def limits(streams_max: int, new_per_second: int) -> Limits:
    """As configured, but so that open streams leave files for requests and databases."""
    files_max, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files_max != resource.RLIM_INFINITY:
        streams_max = min(streams_max, files_max * 3 // 4)
    return Limits(streams_max, new_per_second)


class Streams:
    """The open streams of this process. Methods run on its event loop unless they say otherwise."""

    def __init__(self, environments: Environments, limits: Limits) -> None:
        self._environments = environments
        self._limits = limits
        self._audiences: dict[int, Audience] = {}
        self._ping_turns: list[set[Client]] = [set() for _ in range(_PING_SECONDS)]
        self._count = 0
        self._arrivals = 0
        self._next_turn_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    @property
    def count(self) -> int:
        return self._count

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pinging = loop.create_task(self._ping_regularly())

    def changed(self, environment_id: int, environment: CompiledEnvironment | None) -> None:
        """From any thread: an environment has a new snapshot, or is gone (None)."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._tell, environment_id, environment)

    def end_soon(self) -> None:
        """From any thread, or from a signal's handler: the same as `end`."""
        if self._loop:
            self._loop.call_soon_threadsafe(self.end)

    def end(self) -> None:
        """End all streams and take no new ones: the server waits for them when it stops."""
        self._ending.set()
        if self._pinging:
            self._pinging.cancel()
        for audience in self._audiences.values():
            audience.end()

    async def serve(self, key: str, scope: Scope, stream: Stream) -> None:
        """Send events until the client or the server goes; raise `Refusal` before the first byte."""
        if scope.method not in {"GET", "HEAD"}:
            raise errors.method_not_allowed(scope.method, "GET, HEAD")
        await self._environments.load(key)
        self._open(key)
        if scope.method == "HEAD":
            return stream.response_empty(200, _HEADERS)
        if self._count >= self._limits.streams or self._ending.is_set():
            raise _busy()
        self._count += 1
        try:
            await self._wait_for_turn()
            # The wait may have been long, so look again.
            await self._follow(self._open(key), _last_seen(scope), stream)
        finally:
            self._count -= 1

    def _open(self, key: str) -> CompiledEnvironment:
        access = None if is_server_key(key) else self._environments.find(key)
        if access is None:
            raise errors.no_such_stream()
        serving.check(access.environment.organisation)
        return access.environment

    async def _wait_for_turn(self) -> None:
        """Let in so many a second, so that a reconnect storm leaves time for requests for flags.

        Those beyond wait, since a browser's EventSource takes a refusal as final; only the line's far end is refused.
        """
        now = asyncio.get_running_loop().time()
        turn_at = max(self._next_turn_at, now)
        if turn_at - now > _TURN_SECONDS_MAX:
            raise _busy()
        self._next_turn_at = turn_at + 1 / self._limits.new_per_second
        if turn_at > now:
            ending = asyncio.ensure_future(self._ending.wait())
            await asyncio.wait([ending], timeout=turn_at - now)
            ending.cancel()
        if self._ending.is_set():
            raise _busy()

    async def _follow(self, environment: CompiledEnvironment, last_seen: int, stream: Stream) -> None:
        loop = asyncio.get_running_loop()
        event = _event(environment)
        client = Client(loop, event, ends_at=loop.time() + random.uniform(*_LIFE_SECONDS))  # noqa: S311 -- no secret
        turn = self._ping_turns[self._arrivals % _PING_SECONDS]
        self._arrivals += 1
        audience = self._audiences.setdefault(environment.id, Audience(loop))
        audience.add(client)
        turn.add(client)
        gone = asyncio.ensure_future(stream.client_disconnect())
        gone.add_done_callback(client.end)
        transport = stream.response_stream(200, _HEADERS)
        try:
            with suppress(ProtocolClosed):
                await transport.send_bytes(_greeting(event, last_seen))
                while (piece := await client.next_piece()) is not None:
                    await transport.send_bytes(piece)
        finally:
            gone.cancel()
            turn.discard(client)
            audience.discard(client)
            if not audience:
                self._audiences.pop(environment.id, None)

    def _tell(self, environment_id: int, environment: CompiledEnvironment | None) -> None:
        audience = self._audiences.get(environment_id)
        if audience is None:
            return
        if environment is None:
            audience.end()
        else:
            audience.tell(_event(environment))

    async def _ping_regularly(self) -> None:
        """Each second another part of the clients, so that 10,000 never are pinged at the same moment."""
        loop = asyncio.get_running_loop()
        while True:
            for turn in self._ping_turns:
                await asyncio.sleep(1)
                for client in turn:
                    if client.ends_at <= loop.time():
                        client.end()
                    else:
                        client.offer_ping(_PING)


def _event(environment: CompiledEnvironment) -> Event:
    updated_at = environment.updated_at_text
    text = f'id: {environment.version}\nevent: environment_updated\ndata: {{"updated_at": {updated_at}}}\n\n'
    return Event(environment.version, updated_at, text.encode("ascii"))


def _greeting(event: Event, last_seen: int) -> bytes:
    """The first piece: when to come back, and the present time unless the client has seen it.

    A client may know of a later version: the server is one that lags behind, or was set back to a backup.
    """
    retry = b"retry: %d\n" % random.randint(*_RETRY_MILLISECONDS)  # noqa: S311 -- no secret
    return retry + (b"\n" if last_seen == event.version else event.encoded)


def _last_seen(scope: Scope) -> int:
    """The version that the client saw last; -1 if it says none.

    A client that replaces a broken EventSource, as Flagsmith's does, cannot set the header and uses the query.
    """
    text = scope.headers.get("last-event-id") or ""
    if not text and scope.query_string:
        text = dict(parse_qsl(scope.query_string)).get("lastEventId", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1


def _busy() -> errors.Refusal:
    return errors.too_many_streams(random.randint(*_RETRY_AFTER_SECONDS))  # noqa: S311 -- no secret
