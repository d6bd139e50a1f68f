"""Requests with a head that was seen before, framed and answered as all others."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.server.http1.serving import Client, Mirror, run_on_uvloop, serving
from vexil.dataplane.rsgi import Answer, Finished, Scope

T = TypeVar("T")
ANSWERED = b"POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
EMPTY = b"GET /again HTTP/1.1\r\nHost: h\r\n\r\n"


class Shortcutting(Mirror):
    """Has a shortcut for `/again`, which answers every query and body but some, and `later` after a wait."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.taken = 0

    def shortcut(self, scope: Scope) -> Answer | None:
        self.asked.append(scope.path)
        return self._answer if scope.path == "/again" else None

    def _answer(self, asked: bytes) -> Finished | Awaitable[Finished] | None:
        if asked == b"whole":
            return None
        self.taken += 1
        return self._later(asked) if asked in {b"later", b"fails"} else self._at_once(asked)

    async def _later(self, asked: bytes) -> Finished:
        await asyncio.sleep(0.01)
        if asked == b"fails":
            raise RuntimeError(asked)
        return self._at_once(asked)

    def _at_once(self, body: bytes) -> Finished:
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


def test_a_head_that_does_not_come_again_is_not_remembered() -> None:
    async def tell(mirror: Shortcutting, client: Client) -> tuple[list[str], int]:
        for number in (1, 1, 2):
            traced = b"Host: h\r\ntraceparent: 00-%032d-%016d-00\r\n" % (number, number)
            client.send(EMPTY.replace(b"Host: h\r\n", traced))
            await client.answer()
        return mirror.asked, mirror.taken

    assert story(tell) == ([], 0)


def test_requests_on_shortcuts_are_the_same_when_they_are_cut_anywhere() -> None:
    generator = random.Random(11)
    many = [generator.choice([b"hello", b"world", b"whole", b"later"]) for _ in range(300)]
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


def test_a_get_with_another_query_has_the_same_head() -> None:
    queries = [b"?a=b", b"?", b"", b"?later", b"?whole", b"?c=d"]

    async def tell(mirror: Shortcutting, client: Client) -> tuple[list[bytes], list[str]]:
        answers = []
        for query in queries:
            client.send(b"GET /again%b HTTP/1.1\r\nHost: h\r\n\r\n" % query)
            answers.append((await client.answer())[1])
        return answers, mirror.asked

    assert story(tell) == (
        [b"GET /again a=b  ", b"quick ", b"GET /again   ", b"quick later", b"GET /again whole  ", b"quick c=d"],
        ["/again", "/again"],
    )


def test_the_body_of_a_get_is_not_taken_for_its_query() -> None:
    async def tell(_: Shortcutting, client: Client) -> list[bytes]:
        answers = []
        for target in (b"/again", b"/again", b"/again?a=b", b"/again?a=b"):
            client.send(b"GET %b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nc=d" % target)
            answers.append((await client.answer())[1])
        return answers

    assert story(tell) == [b"GET /again   c=d", b"GET /again   c=d", b"GET /again a=b  c=d", b"GET /again a=b  c=d"]


@pytest.mark.parametrize("query", [b"a b", b"a\x01", b"a\xff", b"a\tb"])
def test_a_query_that_is_none_is_refused_after_a_shortcut_was_found(query: bytes) -> None:
    async def tell(_: Shortcutting, client: Client) -> int:
        client.send(b"GET /again?fine HTTP/1.1\r\nHost: h\r\n\r\n")
        await client.answer()
        client.send(b"GET /again?%b HTTP/1.1\r\nHost: h\r\n\r\n" % query)
        return (await client.answer())[0]

    assert story(tell) == 400


def test_a_shortcut_that_fails_after_its_wait_is_answered_with_500() -> None:
    async def tell(_: Shortcutting, client: Client) -> list[int]:
        client.send(ANSWERED + b"hello" + ANSWERED + b"fails" + ANSWERED + b"after")
        return [(await client.answer())[0] for _ in range(3)]

    assert story(tell) == [200, 500, 200]


def test_a_client_that_closes_its_half_still_gets_the_answer_it_waits_for() -> None:
    async def tell(_: Shortcutting, client: Client) -> tuple[bytes, bytes]:
        client.send(ANSWERED + b"hello")
        await client.answer()
        client.send(ANSWERED + b"later")
        await asyncio.sleep(0)
        client.writer.write_eof()
        head = await client.head()
        return head, await client.rest()

    head, rest = story(tell)
    assert b"connection: close" in head
    assert rest == b"quick later"


@pytest.mark.parametrize("rest", [b"", b"POST /aga"])
def test_a_client_that_closes_its_half_gets_the_answers_to_all_it_has_asked(rest: bytes) -> None:
    sent = b"".join(ANSWERED + body for body in (b"later", b"whole", b"later", b"hello")) + rest

    async def tell(_: Shortcutting, client: Client) -> tuple[list[bytes], bytes]:
        client.send(ANSWERED + b"first")
        await client.answer()
        client.send(sent)
        client.writer.write_eof()
        return [(await client.answer())[1][-5:] for _ in range(4)], await client.rest()

    assert story(tell) == ([b"later", b"whole", b"later", b"hello"], b"")


def test_what_ends_the_connection_takes_the_whole_way() -> None:
    heads = [
        b"POST /again?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
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

    assert story(tell) == ([b"POST /again a=b  "] * 2 + [b"GET /again   ", b"POST /again   ", b"GET /again   "], 0)
