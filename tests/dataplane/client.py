"""A client of the data plane inside the process: the two RSGI objects, played by plain ones."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.explanations import ADDED, without_explanation
from vexil.dataplane.app import DataPlane
from vexil.dataplane.rsgi import Finished
from vexil.dataplane.shortcuts import Shortcut

T = TypeVar("T")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The contract's own body; `explanation` is what an error's has besides."""
        return without_explanation(self.status, json.loads(self.body))

    def explanation(self) -> dict[str, str]:
        body = json.loads(self.body)
        return {name: body[name] for name in ADDED}


@dataclass
class Scope:
    method: str
    path: str
    query_string: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    proto: str = "http"
    client: str = "127.0.0.1:50000"
    scheme: str = "http"


PING = b":\n\n"


class Transport:
    """Keeps what is sent in pieces; `received` waits for the next one."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._arrived = asyncio.Event()

    async def send_bytes(self, data: bytes) -> None:
        self.pieces.append(data)
        self._arrived.set()

    async def received(self, number: int) -> list[bytes]:
        """The pieces without pings, which a slow machine puts anywhere, once there are so many."""
        while len(pieces := [piece for piece in self.pieces if piece != PING]) < number:
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), 10)
        return pieces


class Stream:
    def __init__(self, body: bytes, chunk_bytes: int = 65_536) -> None:
        self._body = body
        self._chunk_bytes = chunk_bytes
        self.bytes_read = 0
        self.answer: Answer | None = None
        self.is_answered = asyncio.Event()
        self.transport: Transport | None = None
        self._gone: asyncio.Future[None] | None = None

    async def __call__(self) -> bytes:
        self.bytes_read = len(self._body)
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._chunk_bytes):
            chunk = self._body[start : start + self._chunk_bytes]
            self.bytes_read += len(chunk)
            yield chunk

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        self.response_bytes(status, headers, b"")
        self.transport = Transport()
        return self.transport

    def client_disconnect(self) -> "asyncio.Future[None]":
        if self._gone is None:
            self._gone = asyncio.get_running_loop().create_future()
        return self._gone

    def leave(self) -> None:
        """As if the client closed the connection."""
        self.client_disconnect().set_result(None)

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        assert self.answer is None, "a request is answered once"
        self.answer = Answer(status, {name.lower(): value for name, value in headers}, bytes(body))
        self.is_answered.set()


async def by_shortcut(shortcut: Shortcut, scope: Scope, content: bytes) -> Finished | None:
    """None where the request must take the whole way."""
    answer = shortcut(scope.query_string.encode() if scope.method == "GET" else content)
    return answer if answer is None or isinstance(answer, tuple) else await answer


class Client:
    """Runs requests on a loop of its own; header values given as None are left out.

    As the server does, it takes a shortcut for a request whose head it has seen before.
    """

    def __init__(self, data_plane: DataPlane) -> None:
        self.data_plane = data_plane
        self._shortcuts: dict[str, Shortcut | None] = {}
        self.loop = asyncio.new_event_loop()
        data_plane.start(self.loop)

    def close(self) -> None:
        """Stop the data plane; harmless when done twice."""
        if self.loop.is_closed():
            return
        self.loop.run_until_complete(self.data_plane.stop())
        self.loop.close()

    def request(
        self,
        method: str,
        target: str,
        *,
        key: str | None = None,
        body: Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        return self.loop.run_until_complete(self.send(method, target, key=key, body=body, headers=headers))

    async def send(
        self,
        method: str,
        target: str,
        *,
        key: str | None = None,
        body: Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent: dict[str, str | None] = {"host": "localhost", "x-environment-key": key}
        if body is not None:
            sent |= {"content-type": "application/json", "content-length": str(len(content))}
        sent |= headers or {}
        scope = Scope(method, path, query, {name: value for name, value in sent.items() if value is not None})
        shortcut = self._shortcut(scope)
        if shortcut and (finished := await by_shortcut(shortcut, scope, content)):
            status, answered, body = finished
            return Answer(status, {name.lower(): value for name, value in answered}, bytes(body))
        stream = Stream(content)
        await self.data_plane(scope, stream)
        assert stream.answer is not None
        if stream.transport:
            stream.answer.body = b"".join(stream.transport.pieces)
        if method == "HEAD":
            stream.answer.body = b""  # As the server does, which sends the head alone.
        return stream.answer

    def _shortcut(self, scope: Scope) -> Shortcut | None:
        """None for a head that was not seen yet."""
        head = repr(scope)
        if head in self._shortcuts:
            return self._shortcuts[head]
        self._shortcuts[head] = self.data_plane.shortcut(scope)
        return None

    async def open_stream(self, path: str, **headers: str) -> "tuple[asyncio.Task[None], Stream]":
        """A GET that is answered piece by piece; its task and what it has sent so far."""
        sent = {"host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()}
        stream = Stream(b"")
        path, _, query = path.partition("?")
        task = self.loop.create_task(self.data_plane(Scope("GET", path, query, sent), stream))
        await stream.is_answered.wait()
        return task, stream

    def run(self, story: "Coroutine[Any, Any, T]") -> "T":
        return self.loop.run_until_complete(asyncio.wait_for(story, 30))

    def get(self, target: str, key: str | None = None, **headers: str) -> Answer:
        return self.request("GET", target, key=key, headers={name.replace("_", "-"): v for name, v in headers.items()})

    def post(self, target: str, body: Any, key: str | None = None) -> Answer:
        return self.request("POST", target, key=key, body=body)
