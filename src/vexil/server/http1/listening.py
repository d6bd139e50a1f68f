"""Serves a listening socket on an event loop of its own, until SIGTERM or SIGINT."""

import asyncio
import signal
import socket
from functools import partial
from typing import Protocol

import uvloop

from vexil.dataplane.rsgi import Answer, Scope, Stream
from vexil.server.http1.connections import Connection
from vexil.server.http1.hub import Hub

PATIENCE_SECONDS = 25
"""How long answers may take after the signal."""


class Application(Protocol):
    """All of it is called on the loop."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None: ...
    async def __call__(self, scope: Scope, stream: Stream) -> None: ...
    def shortcut(self, scope: Scope) -> Answer | None:
        """What answers further requests with the same head; None where each is to be read as a whole."""

    def end_streams(self) -> None:
        """End the answers that would go on for ever."""

    async def stop(self) -> None:
        """After the last answer."""


def serve(application: Application, listener: socket.socket, *, backlog: int, connections_max: int) -> None:
    """Return when all that was asked before the signal is answered and the application has stopped."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(application, listener, backlog, connections_max))


async def _serve(application: Application, listener: socket.socket, backlog: int, connections_max: int) -> None:
    loop = asyncio.get_running_loop()
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.set)
    hub = Hub(application, loop, connections_max, shortcut=application.shortcut)
    application.start(loop)
    clock = loop.create_task(hub.keep_time())
    server = await loop.create_server(partial(Connection, hub), sock=listener, backlog=backlog)
    await signalled.wait()
    server.close()
    application.end_streams()
    await hub.end(PATIENCE_SECONDS)
    clock.cancel()
    await application.stop()
