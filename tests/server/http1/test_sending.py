"""Answers that are sent together: all of them, in order, and without holding too many back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.server.http1.serving import LARGE, Client, Mirror, run_on_uvloop, serving
from vexil.server.http1 import sending
from vexil.server.http1.connections import Connection

LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def connected(number: int) -> AsyncIterator[tuple[Mirror, list[Client]]]:
    mirror = Mirror()
    async with serving(mirror) as server:
        clients = [await server.client() for _ in range(number)]
        yield mirror, clients
        for client in clients:
            await client.close()


async def all_asked(mirror: Mirror, number: int) -> None:
    while mirror.calls < number:  # noqa: ASYNC110 -- the mirror tells of no single call
        await asyncio.sleep(0.001)


def asking(path: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % path


@pytest.mark.parametrize(
    ("paths", "parts"),
    [
        ([b"/a", b"/stream", b"/b"], [b"GET /a", b"two\r\n0\r\n\r\n", b"GET /b", b"GET /last"]),
        ([b"/stream", b"/stream"], [b"two\r\n0\r\n\r\n", b"two\r\n0\r\n\r\n", b"GET /last"]),
        ([b"/a", b"/large", b"/b"], [b"GET /a", LARGE, b"GET /b", b"GET /last"]),
        ([b"/%d" % n for n in range(50)], [b"GET /%d " % n for n in range(50)]),
    ],
)
def test_answers_of_one_connection_keep_their_order(paths: list[bytes], parts: list[bytes]) -> None:
    async def tell() -> bytes:
        async with connected(1) as (mirror, (client,)):
            mirror.let_go.set()
            client.send(b"".join(map(asking, paths)) + LAST)
            return await client.rest()

    received = run_on_uvloop(tell())

    positions = [received.find(part) for part in parts]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_all_clients_that_wait_for_one_event_are_answered() -> None:
    number = 2 * sending._TOGETHER_MAX + 1

    async def tell() -> list[bytes]:
        async with connected(number) as (mirror, clients):
            for position, client in enumerate(clients):
                client.send(b"GET /wait?%d HTTP/1.1\r\nHost: h\r\n\r\n" % position)
            await all_asked(mirror, number)
            mirror.let_go.set()
            return [(await client.answer())[1] for client in clients]

    assert run_on_uvloop(tell()) == [b"GET /wait %d  " % position for position in range(number)]


def test_a_client_that_goes_while_its_answer_waits_does_not_cost_others_theirs() -> None:
    async def tell() -> tuple[int, bytes]:
        async with connected(6) as (mirror, (staying, *leaving)):
            for client in (*leaving, staying):
                client.send(asking(b"/wait"))
            await all_asked(mirror, 6)
            for client in leaving:
                client.writer.transport.abort()
            mirror.let_go.set()
            return await staying.answer()

    assert run_on_uvloop(tell()) == (200, b"GET /wait   ")


def test_a_client_that_ends_with_its_request_is_answered() -> None:
    async def tell() -> bytes:
        async with serving(Mirror()) as server:
            client = await server.client()
            while not server.hub._connections:  # noqa: ASYNC110 -- the server tells of no single connection
                await asyncio.sleep(0.001)
            (connection,) = server.hub._connections
            assert isinstance(connection, Connection)
            # As the loop does when one turn reads both.
            connection.data_received(asking(b"/a"))
            if not connection.eof_received():
                connection._transport.close()
            received = await client.rest()
            await client.close()
            return received

    assert run_on_uvloop(tell()).startswith(b"HTTP/1.1 200 OK\r\n")
