"""Requests with a head that was seen before, framed and answered as all others."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.server.http1.serving import Client, Mirror, run_on_uvloop, serving
from vexil.dataplane.rsgi import Finished, Scope

T = TypeVar("T")
ANSWERED = b"POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
EMPTY = b"GET /again HTTP/1.1\r\nHost: h\r\n\r\n"


class Shortcutting(Mirror):
    """Has a shortcut for `/again`, which answers every body but some."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.taken = 0

    def shortcut(self, scope: Scope) -> Callable[[bytes], Finished | None] | None:
        self.asked.append(scope.path)
        return self._answer if scope.path == "/again" else None

    def _answer(self, body: bytes) -> Finished | None:
        if body == b"whole":
            return None
        self.taken += 1
        return (304, (("ETag", "x"),), b"") if body == b"known" else (200, (("X-Answer", "yes"),), b"quick " + body)


def story(tell: Callable[[Shortcutting, Client], Awaitable[T]]) -> T:
    async def run() -> T:
        mirror = Shortcutting()
        async with serving(mirror, shortcut=mirror.shortcut) as server:
            client = await server.client()
            try:
                return await asyncio.wait_for(tell(mirror, client), 30)
            finally:
                await client.close()

    return run_on_uvloop(run())


def test_the_application_is_asked_once_for_each_head() -> None:
    async def tell(mirror: Shortcutting, client: Client) -> tuple[list[bytes], list[str], int]:
        bodies = []
        for request in (ANSWERED + b"hello", ANSWERED + b"world", ANSWERED + b"whole", EMPTY, EMPTY):
            client.send(request)
            bodies.append((await client.answer())[1])
        for _ in range(2):
            client.send(b"GET /other HTTP/1.1\r\nHost: h\r\n\r\n")
            await client.answer()
        return bodies, mirror.asked, mirror.calls

    assert story(tell) == (
        [b"POST /again   hello", b"quick world", b"POST /again   whole", b"GET /again   ", b"quick "],
        ["/again", "/again", "/other"],
        5,
    )


def test_requests_on_shortcuts_are_the_same_when_they_are_cut_anywhere() -> None:
    generator = random.Random(11)
    many = [generator.choice([b"hello", b"world", b"whole"]) for _ in range(300)]
    sent = b"".join(ANSWERED + body + generator.choice([b"", b"\r\n"]) for body in many)

    async def tell(mirror: Shortcutting, client: Client) -> list[bytes]:
        position = 0
        while position < len(sent):
            size = generator.randint(1, 400)
            client.send(sent[position : position + size])
            position += size
            await asyncio.sleep(0)
        answers = [(await client.answer())[1] for _ in many]
        assert mirror.taken > 50
        return [answer[-5:] for answer in answers]

    assert story(tell) == many


def test_an_answer_without_a_body_is_framed_as_such() -> None:
    async def tell(_: Shortcutting, client: Client) -> list[bytes]:
        client.send(ANSWERED + b"first" + ANSWERED + b"known" + ANSWERED + b"after")
        await client.answer()
        head = await client.head()
        status, body = await client.answer()
        return [head.split(b"\r\ndate: ")[0], b"%d" % status, body]

    assert story(tell) == [b"HTTP/1.1 304 Not Modified\r\nETag: x", b"200", b"quick after"]


def test_what_ends_the_connection_or_has_a_query_takes_the_whole_way() -> None:
    heads = [
        b"GET /again?a=b HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /again HTTP/1.1\r\nHost: h\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n",
        b"POST /again HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /again HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    ]

    async def tell(mirror: Shortcutting, client: Client) -> tuple[list[bytes], int]:
        answers = []
        for head in [heads[0], *heads]:
            client.send(head)
            answers.append((await client.answer())[1])
        await client.rest()
        return answers, mirror.taken

    assert story(tell) == ([b"GET /again a=b  "] * 2 + [b"GET /again   ", b"POST /again   ", b"GET /again   "], 0)
