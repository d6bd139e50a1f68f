"""An application of the tests behind a real socket, on the loop of the test."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import uvloop

from vexil.dataplane.rsgi import BodyIncomplete, Scope, Stream, read_body
from vexil.server.http1.connections import Connection
from vexil.server.http1.hub import Application, Hub
from vexil.server.http1.shortcuts import Find

T = TypeVar("T")
LARGE = b"x" * 1_000_000


class Mirror:
    """Answers with what it was asked; waits, streams or fails where the path says so."""

    def __init__(self) -> None:
        self.calls = 0
        self.let_go = asyncio.Event()
        self.gone = asyncio.Event()

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        self.calls += 1
        if scope.path == "/wait":
            await self.let_go.wait()
        elif scope.path == "/a-little":
            await asyncio.sleep(0)
        elif scope.path == "/unread":
            return stream.response_bytes(200, (), b"not read")
        elif scope.path == "/large":
            return stream.response_bytes(200, (), LARGE)
        elif scope.path == "/nothing":
            return None
        elif scope.path == "/catch":
            failing = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(failing.set_exception, LookupError())
            try:
                await failing
            except LookupError:
                await asyncio.sleep(0.001)
        elif scope.path == "/raise-later":
            await asyncio.sleep(0.001)
            raise LookupError("as an application may")
        elif scope.path == "/raise":
            raise LookupError("as an application may")
        elif scope.path == "/two-lines":
            stream.response_bytes(200, (("X-Given", "a\r\nSet-Cookie: b"),), b"")
        elif scope.path == "/stream":
            return await self._stream(stream)
        try:
            body = await read_body(scope.headers, stream, 100_000)
        except BodyIncomplete:
            return stream.response_bytes(400, (), b"incomplete")
        line = f"{scope.method} {scope.path} {scope.query_string} {scope.headers.get('x-given', '')} ".encode()
        return stream.response_bytes(200, (("X-Answer", "yes"),), line + body)

    async def _stream(self, stream: Stream) -> None:
        gone = asyncio.ensure_future(stream.client_disconnect())
        transport = stream.response_stream(200, ())
        await transport.send_bytes(b"one ")
        await transport.send_bytes(b"two")
        waits = asyncio.ensure_future(self.let_go.wait())
        await asyncio.wait([gone, waits], return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self.gone.set()


def run_on_uvloop(story: Coroutine[Any, Any, T]) -> T:
    """As the server does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story)


@dataclass
class Serving:
    hub: Hub
    port: int

    async def client(self) -> "Client":
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))


@asynccontextmanager
async def serving(
    application: Application, *, connections_max: int = 100, shortcut: Find = lambda _: None
) -> AsyncIterator[Serving]:
    loop = asyncio.get_running_loop()
    hub = Hub(application, loop, connections_max, shortcut=shortcut)
    server = await loop.create_server(partial(Connection, hub), "127.0.0.1", 0)
    try:
        yield Serving(hub, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await hub.end(1)
        await asyncio.sleep(0.01)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, text: bytes) -> None:
        self.writer.write(text)

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer that has a length."""
        head = await self.head()
        length = next(int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"content-length: "))
        return int(head[9:12]), await asyncio.wait_for(self.reader.readexactly(length), 10)

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def rest(self) -> bytes:
        """All until the server closes the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionResetError:
            return b""
