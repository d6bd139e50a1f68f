"""What all connections of a process share: the application, what is remembered, the time, and who is connected."""

import asyncio
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any, Protocol

from vexil.dataplane.rsgi import Scope, Stream
from vexil.server.http1.answers import KnownHeads
from vexil.server.http1.heads import KnownFields
from vexil.server.http1.sending import Together
from vexil.server.http1.shortcuts import Find as FindShortcut
from vexil.server.http1.shortcuts import Shortcuts

Application = Callable[[Scope, Stream], Coroutine[Any, Any, None]]

_LOOK_SECONDS = 5


class Tended(Protocol):
    """A connection, as the hub knows it."""

    def end(self) -> None: ...
    def abort(self) -> None: ...
    def look_after(self, now: float) -> None: ...


class Hub:
    def __init__(
        self,
        application: Application,
        loop: asyncio.AbstractEventLoop,
        connections_max: int,
        *,
        shortcut: FindShortcut = lambda _: None,
    ) -> None:
        """`shortcut` gives, for a request, what answers those with the same head; None where the application does."""
        self.application = application
        self.loop = loop
        self.fields = KnownFields()
        self.heads = KnownHeads()
        self.shortcuts = Shortcuts(shortcut, self.heads)
        self.together = Together(loop)
        self.now = loop.time()
        """The loop's time, at most a second old."""
        self.date_line = _date_line()
        self._connections: set[Tended] = set()
        self._connections_max = connections_max
        self._is_ending = False
        self._last_left = asyncio.Event()

    def admit(self, connection: Tended) -> bool:
        """Whether there is room for one more."""
        self._connections.add(connection)
        return len(self._connections) <= self._connections_max and not self._is_ending

    def forget(self, connection: Tended) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._last_left.set()

    async def keep_time(self) -> None:
        """Until cancelled: the date for answers, and an end for connections whose clients went silent."""
        second = 0
        while True:
            await asyncio.sleep(1)
            second += 1
            self.now = self.loop.time()
            self.date_line = _date_line()
            if second % _LOOK_SECONDS == 0:
                self.look_after(self.now)

    def look_after(self, now: float) -> None:
        """Close the connections whose clients kept them waiting for too long."""
        for connection in tuple(self._connections):
            connection.look_after(now)

    async def end(self, patience_seconds: float) -> None:
        """Let running requests be answered, close each connection after its own, and at last all that are left."""
        self._is_ending = True
        for connection in tuple(self._connections):
            connection.end()
        if self._connections:
            self._last_left.clear()
            await asyncio.wait([self.loop.create_task(self._last_left.wait())], timeout=patience_seconds)
        for connection in tuple(self._connections):
            connection.abort()


def _date_line() -> bytes:
    """The last header of every answer, and the empty line that ends its head."""
    return f"date: {formatdate(usegmt=True)}\r\n\r\n".encode("ascii")
