"""Requests of one connection: framed as they were sent, answered in order, within limits."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.server.http1.serving import LARGE, Client, Mirror, Serving, run_on_uvloop, serving
from vexil.server.http1.connections import Connection

T = TypeVar("T")


def story(tell: Callable[[Mirror, Serving, Client], Awaitable[T]]) -> T:
    """One client of one server, both gone afterwards."""

    async def run() -> T:
        mirror = Mirror()
        async with serving(mirror) as server:
            client = await server.client()
            try:
                return await asyncio.wait_for(tell(mirror, server, client), 30)
            finally:
                mirror.let_go.set()
                await client.close()

    return run_on_uvloop(run())


CHUNKS = b'5\r\nhello\r\nA;name="v"\r\n 0\r\n\r\n wor\r\n2 \r\nld\r\n0\r\nTrailer: x\r\n\r\n'
REQUESTS: list[tuple[bytes, bytes]] = [
    (b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-Given: 1\r\n\r\n", b"GET /a b=c 1 "),
    (b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", b"POST /b   hello"),
    (
        b"PUT /c HTTP/1.1\r\nhost:h\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        b"PUT /c   hello 0\r\n\r\n world",
    ),
    (b"\r\nGET http://elsewhere/d?e HTTP/1.1\r\nHost: h\r\nX-Given:\t a  b \r\n\r\n", b"GET /d e a  b "),
    (b"GET /e HTTP/1.1\r\nHost: h\r\nX-Given: 1\r\nx-given: 2\r\nContent-Length: 0\r\n\r\n", b"GET /e  1, 2 "),
]


@pytest.mark.parametrize("piece_bytes", [1, 2, 7, 50, 10_000])
def test_requests_are_the_same_however_their_bytes_arrive(piece_bytes: int) -> None:
    sent = b"".join(request for request, _ in REQUESTS)

    async def tell(_: Mirror, __: Serving, client: Client) -> list[tuple[int, bytes]]:
        for start in range(0, len(sent), piece_bytes):
            client.send(sent[start : start + piece_bytes])
            await asyncio.sleep(0.0005)
        return [await client.answer() for _ in REQUESTS]

    assert story(tell) == [(200, answer) for _, answer in REQUESTS]


def test_requests_are_the_same_when_they_are_cut_anywhere() -> None:
    generator = random.Random(7)
    many = [generator.choice(REQUESTS) for _ in range(300)]
    sent = b"".join(request for request, _ in many)

    async def tell(_: Mirror, __: Serving, client: Client) -> list[bytes]:
        position = 0
        while position < len(sent):
            size = generator.randint(1, 400)
            client.send(sent[position : position + size])
            position += size
            await asyncio.sleep(0)
        return [(await client.answer())[1] for _ in many]

    assert story(tell) == [answer for _, answer in many]


def test_answers_keep_the_order_of_requests_when_the_first_waits() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> list[bytes]:
        client.send(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.sleep(0.05)
        mirror.let_go.set()
        return [(await client.answer())[1] for _ in range(2)]

    assert story(tell) == [b"GET /wait   ", b"GET /second   "]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: h\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nHost: g\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Folded: a\r\n b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Space : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Bare: a\rb\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Bare: a\nb: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Null: a\0b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 200 + b"\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n" + b" " * 5_000, 400),
        (b"GET /" + b"a" * 70_000, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + b"a" * 70_000, 431),
    ],
    ids=lambda given: repr(given)[:60],
)
def test_what_could_be_read_in_two_ways_is_refused_and_the_connection_ends(request_bytes: bytes, status: int) -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[int, bytes, int]:
        client.send(request_bytes + b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        answered, _body = await client.answer()
        return answered, await client.rest(), mirror.calls

    answered, rest, calls = story(tell)

    assert (answered, rest) == (status, b"")
    assert calls == 0


def test_a_client_that_speaks_tls_is_told_at_once_that_nobody_here_does() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[int, bytes, int]:
        client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        answered, _body = await client.answer()
        return answered, await client.rest(), mirror.calls

    assert story(tell) == (400, b"", 0)


def test_a_body_that_turns_out_malformed_later_ends_the_connection() -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[int, bytes, bytes]:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await asyncio.sleep(0.02)
        client.send(b"zz\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        return *await client.answer(), await client.rest()

    assert story(tell) == (400, b"incomplete", b"")


def test_head_tells_the_length_and_sends_nothing_more() -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[bool, bytes]:
        client.send(b"HEAD /large HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n")
        head = await client.head()
        return b"content-length: %d\r\n" % len(LARGE) in head, (await client.answer())[1]

    assert story(tell) == (True, b"GET /next   ")


def test_a_client_that_asks_whether_to_go_on_is_told_when_its_body_is_wanted() -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[bytes, bytes]:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        told = await client.head()
        client.send(b"ok")
        return told, (await client.answer())[1]

    assert story(tell) == (b"HTTP/1.1 100 Continue\r\n\r\n", b"POST /   ok")


@pytest.mark.parametrize(
    ("head", "line", "closes"),
    [
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close", b"connection: close\r\n", True),
        (b"GET / HTTP/1.0", b"connection: close\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", b"connection: keep-alive\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: h", b"", False),
    ],
)
def test_connections_are_kept_as_clients_ask(head: bytes, line: bytes, closes: bool) -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[bytes, list[bytes]]:
        client.send((head + b"\r\n\r\n") * 2)
        first = await client.head()
        await client.reader.readexactly(len(b"GET /   "))
        return first, [b""] if closes and await client.rest() == b"" else [(await client.answer())[1]]

    first, after = story(tell)

    assert line in first
    assert after == [b"" if closes else b"GET /   "]


def test_an_unread_body_ends_the_connection_after_the_answer() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[int, bytes, bytes, int]:
        client.send(
            b"POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n" * 9
        )
        answer = await client.answer()
        client.send(b"x" * 1000)
        return *answer, await client.rest(), mirror.calls

    assert story(tell) == (200, b"not read", b"", 1)


def test_a_client_that_leaves_within_its_body_is_told_so_if_it_still_listens() -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> bytes:
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf")
        await asyncio.sleep(0.02)
        client.writer.write_eof()
        return await client.rest()

    assert story(tell).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_client_that_takes_no_answers_is_given_few() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[bool, int]:
        client.send(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n" * 200)
        await asyncio.sleep(0.3)
        calls = mirror.calls
        received = [len((await client.answer())[1]) for _ in range(200)]
        return calls < 30, sum(received)

    assert story(tell) == (True, 200 * len(LARGE))


@pytest.mark.parametrize(
    ("first", "ahead"),
    [
        (b"/large", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + b"b" * 5000),
        (b"/large", b"GET / HTTP/1.1\r\nHost: h\r\nX-Padding: %b\r\n\r\n" % (b"p" * 5000)),
        (b"/wait", b"GET /a-little HTTP/1.1\r\nHost: h\r\nX-Padding: %b\r\n\r\n" % (b"p" * 5000)),
    ],
)
def test_what_a_client_sends_ahead_is_not_read_without_end(first: bytes, ahead: bytes) -> None:
    async def tell(mirror: Mirror, server: Serving, client: Client) -> tuple[int, list[int]]:
        client.send(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % first * 8 + ahead * 800)
        (connection,) = server.hub._connections
        assert isinstance(connection, Connection)
        held = []
        for _ in range(20):
            await asyncio.sleep(0.01)
            held.append(len(connection._received))
        mirror.let_go.set()
        statuses = []
        for _ in range(808):
            statuses.append((await client.answer())[0])
            held.append(len(connection._received))
        return max(held), statuses

    held, statuses = story(tell)

    assert held < 500_000
    assert statuses == [200] * 808


def test_pieces_are_sent_as_chunks_and_the_end_is_marked() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[bool, bytes]:
        mirror.let_go.set()
        client.send(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return b"transfer-encoding: chunked\r\n" in await client.head(), await client.rest()

    is_chunked, rest = story(tell)

    assert is_chunked
    assert rest.startswith(b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_pieces_end_with_the_connection_for_a_client_of_http_1_0() -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> tuple[bool, bytes]:
        mirror.let_go.set()
        client.send(b"GET /stream HTTP/1.0\r\n\r\n")
        return b"chunked" in await client.head(), await client.rest()

    assert story(tell) == (False, b"one two")


@pytest.mark.parametrize("leave", ["close", "write_eof"])
def test_an_open_stream_learns_that_its_client_is_gone(leave: str) -> None:
    async def tell(mirror: Mirror, _: Serving, client: Client) -> bool:
        client.send(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
        await client.head()
        getattr(client.writer, leave)()
        return await asyncio.wait_for(mirror.gone.wait(), 10)

    assert story(tell)


def test_an_application_may_catch_what_it_waited_for() -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[int, bytes]:
        client.send(b"GET /catch HTTP/1.1\r\nHost: h\r\n\r\n")
        return await client.answer()

    assert story(tell) == (200, b"GET /catch   ")


@pytest.mark.parametrize("path", ["nothing", "raise", "raise-later", "two-lines"])
def test_a_request_that_the_application_leaves_unanswered_is_a_500(path: str) -> None:
    async def tell(_: Mirror, __: Serving, client: Client) -> tuple[int, bytes, bytes]:
        client.send(b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n" % path.encode())
        return *await client.answer(), await client.rest()

    assert story(tell) == (500, b"", b"")


@pytest.mark.parametrize(
    ("sent", "seconds", "is_closed"),
    [
        (b"", 60, False),
        (b"", 80, True),
        (b"GET / HTT", 20, False),
        (b"GET / HTT", 40, True),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf", 40, True),
        (b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n", 500, False),
        (b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", 500, False),
        (b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n" * 50, 20, False),
        (b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n" * 50, 40, True),
    ],
)
def test_clients_that_go_silent_are_given_up_in_time(sent: bytes, seconds: int, is_closed: bool) -> None:
    async def tell(mirror: Mirror, server: Serving, client: Client) -> bool:
        client.send(sent)
        await asyncio.sleep(0.2)
        calls = mirror.calls
        server.hub.look_after(asyncio.get_running_loop().time() + seconds)
        await asyncio.sleep(0.05)
        mirror.let_go.set()
        client.send(b"GET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" if not sent else b"")
        if sent.startswith(b"GET /large"):
            received = len(await client.rest()) if is_closed else 0
            return is_closed and received < 50 * len(LARGE) and mirror.calls == calls
        return b"HTTP/1.1" not in await asyncio.wait_for(client.reader.read(100), 1) if is_closed else False

    assert story(tell) is is_closed


def test_one_connection_too_many_is_refused() -> None:
    async def run() -> tuple[int, list[bytes]]:
        async with serving(Mirror(), connections_max=1) as server:
            first, second = await server.client(), await server.client()
            refused = (await second.head()).lower().split(b"\r\n")
            first.send(REQUESTS[0][0])
            served, _ = await first.answer()
            for client in (first, second):
                await client.close()
            return served, refused

    served, refused = run_on_uvloop(run())

    assert (served, refused[0]) == (200, b"http/1.1 503 service unavailable")
    assert {b"retry-after: 1", b"vexil-error-code: too_many_connections", b"connection: close"} < set(refused)


def test_at_the_end_idle_connections_close_and_running_requests_are_answered() -> None:
    async def tell(mirror: Mirror, server: Serving, client: Client) -> tuple[bytes, bytes, bytes]:
        idle = await server.client()
        client.send(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.sleep(0.05)
        ending = asyncio.ensure_future(server.hub.end(10))
        closed = await idle.rest()
        await idle.close()
        mirror.let_go.set()
        head = await client.head()
        rest = await client.rest()
        await asyncio.wait_for(ending, 5)
        return closed, head, rest

    closed, head, rest = story(tell)

    assert (closed, rest) == (b"", b"GET /wait   ")
    assert b"connection: close\r\n" in head
