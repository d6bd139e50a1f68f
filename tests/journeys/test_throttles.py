"""Rates hold over all worker processes together, and whoever waits as told is served."""

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

from tests.journeys.admin import Admin
from tests.journeys.running import Server

WORKERS, THREADS = 4, 8


class Answer(NamedTuple):
    status: int
    retry_after: int
    body: Any


def ask(server: Server, path: str, headers: dict[str, str]) -> Answer:
    """Each on a connection of its own, so that all workers take part."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", f"/api/v1/{path}", headers=headers)
        response = connection.getresponse()
        return Answer(response.status, int(response.headers.get("Retry-After", "0")), json.loads(response.read()))
    finally:
        connection.close()


def statuses(server: Server, path: str, headers: dict[str, str], count: int) -> Counter[int]:
    with ThreadPoolExecutor(THREADS) as threads:
        return Counter(answer.status for answer in threads.map(lambda _: ask(server, path, headers), range(count)))


def quick_statuses(server: Server, key: str, count: int) -> Counter[int]:
    """The Flags API, asked over one connection as fast as it goes."""
    connection, counted = HTTPConnection("127.0.0.1", server.port, timeout=30), Counter[int]()
    for _ in range(count):
        connection.request("GET", "/api/v1/flags/", headers={"X-Environment-Key": key})
        response = connection.getresponse()
        response.read()
        counted[response.status] += 1
    connection.close()
    return counted


@pytest.mark.timeout(240)
def test_the_501st_request_of_a_minute_and_those_who_wait(new_server: Callable[..., Server]) -> None:
    rates = {"USER_THROTTLE_RATE": "500/min", "MASTER_API_KEY_THROTTLE_RATE": "5/s"}
    server = new_server(workers=WORKERS, **rates).start()
    admin, person = Admin(server.api_url), Admin(server.api_url)
    admin.create_project()
    masters = f"organisations/{admin.organisation['id']}/master-api-keys/"
    script = {"Authorization": "Api-Key " + admin.post(masters, {"name": "script", "is_admin": True})["key"]}
    whoever = {"Authorization": person.client.headers["Authorization"]}

    started = time.monotonic()
    of_person = statuses(server, "organisations/", whoever, 501)
    refused = ask(server, "organisations/", whoever)
    seconds = time.monotonic() - started
    of_flags = quick_statuses(server, admin.client_key, 2000)
    of_script = statuses(server, "projects/", script, 40)
    last = ask(server, "projects/", script)
    time.sleep(last.retry_after)
    after_waiting = ask(server, "projects/", script)

    # A machine that needs a minute for them sends no 501 requests in a minute.
    assert seconds >= 60 or (of_person, refused.status, refused.body["code"]) == ({200: 500, 429: 1}, 429, "throttled")
    assert seconds >= 60 or 1 <= refused.retry_after <= 60
    assert of_flags == {200: 2000}
    assert of_script.keys() <= {200, 429}
    assert after_waiting.status == 200
