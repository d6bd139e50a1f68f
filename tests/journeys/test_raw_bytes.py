"""Bytes that no client would send: whatever comes over the socket, no 5xx, no hang, and the next request is served."""

import itertools
import random
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx
import pytest

from tests.journeys.running import Server
from tests.journeys.shop import Shop

REQUESTS = 1500
IDLE_SECONDS = 0.1
ANSWER_SECONDS = 10.0
AT_ONCE = 16
HALF_REQUESTS = 100

SPLICES = [
    b"\r\n", b"\n", b"\0", b"\xff\xfe", b":", b" ", b"\t", b"%zz", b"//", b"/../", b"?" * 10, b"A" * 3000, b"\r\n\r\n",
    b"HTTP/1.0", b"HTTP/2.0", b"ffffffffffffffff\r\n", b"-1\r\n", b"0\r\n\r\n",
    b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Expect: 100-continue\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Host: x\r\n", b"Host: \xff\r\n", b"X-Environment-Key: \xe9\r\n",
    b"Content-Type: multipart/form-data; boundary=\r\n", b"Content-Type: \xff\r\n", b"Accept-Encoding: gzip;q=\xff\r\n",
    b"Last-Event-ID: \xff\r\n", b"If-None-Match: \xff\r\n", b"If-Modified-Since: Thu, 99 Foo 99999 99:99:99\r\n",
    b"X-Huge: " + b"h" * 100_000 + b"\r\n", b"X-Many: y\r\n" * 200,
]  # fmt: skip


def head(line: str, key: str, *more: str) -> bytes:
    return "\r\n".join((f"{line} HTTP/1.1", "Host: localhost", f"X-Environment-Key: {key}", *more, "", "")).encode()


def good_requests(key: str) -> list[bytes]:
    json = "Content-Type: application/json"
    return [
        head("GET /api/v1/flags/", key),
        head("GET /api/v1/environment-document/", key, "Accept-Encoding: zstd", "If-None-Match: *"),
        head("GET /api/v1/identities/?identifier=a%00b&feature=%ff", key),
        head("POST /api/v1/identities/", key, json, "Content-Length: 22") + b'{"identifier": "fuzz"}',
        head("POST /api/v1/identities/", key, json, "Transfer-Encoding: chunked")
        + b'5\r\n{"ide\r\n14\r\nntifier": "fuzz-two"}\r\n0\r\n\r\n',
        head("PUT /api/v1/traits/bulk/", key, json, "Content-Length: 2") + b"[]",
        head("POST /ofrep/v1/evaluate/flags/banner", key, json, "Content-Length: 2") + b"{}",
        head("OPTIONS /api/v1/flags/", key, "Origin: https://a.example", "Access-Control-Request-Method: GET"),
        head("GET /api/v1/projects/", key, "Authorization: Token nosuch"),
        head("GET /sse/environments/nosuch/stream", key),
    ]


def mutated(chance: random.Random, requests: list[bytes]) -> bytes:
    """A good request after one to four accidents."""
    request = bytearray(chance.choice(requests))
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(request) + 1)
        accident = chance.choice(["byte", "splice", "header", "gap", "end", "pipeline"])
        if accident == "byte":
            request[place : place + 1] = bytes([chance.randrange(256)])
        elif accident == "splice":
            request[place:place] = chance.choice(SPLICES)
        elif accident == "header":
            request[(line := request.find(b"\r\n", place) + 2) : line] = chance.choice(SPLICES)
        elif accident == "gap":
            del request[place : place + chance.randint(1, 20)]
        elif accident == "end":
            del request[place:]
        else:
            request += chance.choice(requests)
    return bytes(request)


def answers(server: Server, sent: bytes) -> bytes:
    """All that comes back. When nothing more comes, the client closes its half: then the server must close, too.

    Raise `TimeoutError` if it does not.
    """
    received = b""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=IDLE_SECONDS) as connection,
        suppress(ConnectionError),
    ):
        connection.sendall(sent)
        with suppress(TimeoutError):
            while piece := connection.recv(65_536):
                received += piece
        connection.settimeout(ANSWER_SECONDS)
        with suppress(OSError):  # The server was first.
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65_536):
            received += piece
    return received


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def test_broken_requests_get_no_5xx_and_no_hang(server: Server, shop: Shop) -> None:
    chance = random.Random(31415)
    requests = good_requests(shop.admin.server_key)
    log_before = len(server.written())

    sent = [mutated(chance, requests) for _ in range(REQUESTS)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        received = list(threads.map(lambda one: statuses(answers(server, one)), sent))

    broken = [(found, one[:500]) for found, one in zip(received, sent, strict=True) if max(found, default=0) >= 500]
    assert broken == []
    assert {200, 400, 401, 403, 404, 415} <= set(itertools.chain(*received))
    assert "request.failed" not in server.written()[log_before:]
    assert httpx.get(f"{server.api_url}flags/", headers={"X-Environment-Key": shop.admin.client_key}).status_code == 200


def test_pipelined_requests_are_answered_in_their_order(server: Server, shop: Shop) -> None:
    names = ["banner", "nosuch", "search", "nosuch", "checkout"] * 20
    sent = b"".join(head(f"GET /api/v1/flags/?feature={name}", shop.admin.client_key) for name in names)

    received = answers(server, sent)

    assert statuses(received) == [404 if name == "nosuch" else 200 for name in names]
    assert re.findall(rb'"name":"(\w+)"', received) == [name.encode() for name in names if name != "nosuch"]


@pytest.mark.parametrize("sent", [b"GET /api/v1/fl", b"POST /api/v1/identities/ HTTP/1.1\r\nHost: localhost\r\n"])
def test_requests_that_never_end_hold_up_no_other(server: Server, shop: Shop, sent: bytes) -> None:
    key = {"X-Environment-Key": shop.admin.client_key}
    halves = [sent, head("POST /api/v1/identities/", shop.admin.client_key, "Content-Length: 500") + b'{"identifier"']

    with ExitStack() as open_connections:
        for number in range(HALF_REQUESTS):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS)
            open_connections.enter_context(connection)
            connection.sendall(halves[number % 2])
        served = [httpx.get(f"{server.api_url}flags/", headers=key, timeout=ANSWER_SECONDS) for _ in range(20)]

    assert [answer.status_code for answer in served] == [200] * 20
