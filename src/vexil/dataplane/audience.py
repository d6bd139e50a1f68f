"""The clients that follow one environment, and what each of them is to be sent next."""

import asyncio
from typing import NamedTuple

_SLICE = 64


class Event(NamedTuple):
    version: int
    updated_at: str
    encoded: bytes
    """Made once and shared by all clients."""


class Client:
    """One open stream: it holds the newest piece only, so that a slow client costs no more than a quick one."""

    __slots__ = ("_is_over", "_loop", "_piece", "_waiting", "ends_at", "told")

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Event, *, ends_at: float) -> None:
        self.told = told
        self.ends_at = ends_at
        self._loop = loop
        self._piece: bytes | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._is_over = False

    def offer(self, event: Event) -> None:
        """Send the event next, unless the client has been told of this time already."""
        if event.updated_at != self.told.updated_at:
            self.told = event
            self._piece = event.encoded
            self._wake()

    def offer_ping(self, ping: bytes) -> None:
        if self._piece is None:
            self._piece = ping
            self._wake()

    def end(self, _: object = None) -> None:
        self._is_over = True
        self._wake()

    async def next_piece(self) -> bytes | None:
        """What to send now; None when the stream is over."""
        while self._piece is None and not self._is_over:
            self._waiting = self._loop.create_future()
            await self._waiting
        piece, self._piece = self._piece, None
        return None if self._is_over else piece

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_result(None)


class Audience:
    """All clients of one environment."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._clients: set[Client] = set()
        self._newest: Event | None = None
        self._telling: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._clients)

    def add(self, client: Client) -> None:
        self._clients.add(client)

    def discard(self, client: Client) -> None:
        self._clients.discard(client)

    def tell(self, event: Event) -> None:
        self._newest = event
        if self._telling is None or self._telling.done():
            self._telling = self._loop.create_task(self._tell_all())

    def end(self) -> None:
        for client in self._clients:
            client.end()

    async def _tell_all(self) -> None:
        """In slices, so that requests are answered between them; a newer event starts over."""
        told = None
        while told is not self._newest:
            told = self._newest
            for position, client in enumerate(tuple(self._clients), start=1):
                if self._newest:
                    client.offer(self._newest)
                if position % _SLICE == 0:
                    await asyncio.sleep(0)
