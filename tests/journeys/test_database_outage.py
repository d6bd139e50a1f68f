"""PostgreSQL stops under load: what needs no database goes on unharmed, the rest says so and recovers by itself."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.databases import POSTGRES_ABSENT, PostgresCluster, postgres_binaries
from tests.journeys.admin import Admin
from tests.journeys.running import Server
from tests.journeys.test_streams import events
from vexil.doctor import examination

OUTAGE_SECONDS = 8.0
ANSWER_SECONDS_MAX = 6.0
"""Longer than any answer takes, shorter than a client would wait: a hang shows as a failed request."""
RECOVERY_SECONDS_MAX = 20.0

Send = Callable[[httpx.Client, int], httpx.Response]


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    """A cluster that a test may stop."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(POSTGRES_ABSENT)
    started = PostgresCluster(binaries)
    try:
        started.start()
        yield started
    finally:
        started.remove()


class Caller(threading.Thread):
    """Sends one request after another until told to stop, and notes what came back."""

    def __init__(self, server: Server, key: str, send: Send) -> None:
        super().__init__()
        self._server, self._key, self._send = server, key, send
        self.stopping = threading.Event()
        self.answers: Counter[str] = Counter()
        self.acknowledged: list[int] = []

    def run(self) -> None:
        with httpx.Client(
            base_url=self._server.url, headers={"X-Environment-Key": self._key}, timeout=ANSWER_SECONDS_MAX
        ) as client:
            number = 0
            while not self.stopping.is_set():
                number += 1
                try:
                    answer = self._send(client, number)
                except httpx.HTTPError as error:
                    self.answers[type(error).__name__] += 1
                    continue
                has_retry_after = answer.headers.get("retry-after", "").isdecimal()
                self.answers[f"{answer.status_code}{' with Retry-After' if has_retry_after else ''}"] += 1
                if answer.status_code == 200:
                    self.acknowledged.append(number)
                time.sleep(0.005)


READS: dict[str, Send] = {
    "flags": lambda client, _: client.get("/api/v1/flags/"),
    "document": lambda client, _: client.get("/api/v1/environment-document/"),
    "anonymous": lambda client, number: client.post(
        "/api/v1/identities/", json={"traits": [{"trait_key": "n", "trait_value": number}]}
    ),
    "transient": lambda client, number: client.get(f"/api/v1/identities/?identifier=passing-{number}&transient=true"),
    "batch": lambda client, number: client.post(
        "/api/v1/identities/batch/", json={"identities": [{"identifier": "kim"}] * 5}
    ),
    "ofrep": lambda client, number: client.post(
        "/ofrep/v1/evaluate/flags/banner", json={"context": {"targetingKey": f"kim-{number}"}}
    ),
    "analytics": lambda client, _: client.post("/api/v1/analytics/flags/", json={"banner": 1}),
}
WRITES: dict[str, Send] = {
    "identify": lambda client, number: client.post(
        "/api/v1/identities/", json={"identifier": "kim", "traits": [{"trait_key": "number", "trait_value": number}]}
    ),
    "set": lambda client, number: client.post(
        "/api/v1/traits/", json={"identity": {"identifier": "lee"}, "trait_key": "number", "trait_value": number}
    ),
    "increment": lambda client, _: client.post(
        "/api/v1/traits/increment-value/", json={"identifier": "max", "trait_key": "number", "increment_by": 1}
    ),
}
WRITTEN = {"identify": "kim", "set": "lee", "increment": "max"}


@contextmanager
def calling(server: Server, key: str) -> Iterator[dict[str, Caller]]:
    callers = {name: Caller(server, key, send) for name, send in (READS | WRITES).items()}
    for caller in callers.values():
        caller.start()
    try:
        yield callers
    finally:
        for caller in callers.values():
            caller.stopping.set()
        for caller in callers.values():
            caller.join()


def wait_until(happened: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + RECOVERY_SECONDS_MAX
    while not happened():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.timeout(120 + 2 * OUTAGE_SECONDS)
def test_an_outage_of_the_database_costs_no_read_and_no_acknowledged_write(
    cluster: PostgresCluster, tmp_path: Path
) -> None:
    server = Server(tmp_path, database_url=cluster.new_database(), workers=2)
    try:
        server.start()
        admin = Admin(server.api_url)
        admin.create_project()
        banner = admin.create_feature("banner", "hello", enabled=True)
        state = admin.default_state(banner)

        with events(server.url, admin.client_key) as stream, calling(server, admin.server_key) as callers:
            next(stream)
            assert wait_until(lambda: all(len(caller.acknowledged) > 10 for caller in callers.values()))
            cluster.stop("immediate")
            time.sleep(OUTAGE_SECONDS)
            away = httpx.get(f"{server.url}/health?format=json", timeout=ANSWER_SECONDS_MAX)
            at_admin_api = admin.client.get("organisations/")
            examined = {finding.step: finding.code for finding in examination.of_address(server.url, None, None)}
            alive = httpx.get(f"{server.url}/health/liveness/").status_code
            cluster.start()
            before = {name: len(callers[name].acknowledged) for name in WRITES}
            assert wait_until(lambda: all(len(callers[name].acknowledged) > before[name] + 10 for name in WRITES))
            assert wait_until(lambda: httpx.get(f"{server.url}/health", timeout=10).status_code == 200)
            admin.change(state, feature_state_value="good day")
            told = next(stream)

        key = {"X-Environment-Key": admin.server_key}
        flags = admin.client.get("flags/", headers=key)
        stored = {
            name: admin.client.get(f"identities/?identifier={who}", headers=key).json()["traits"][0]["trait_value"]
            for name, who in WRITTEN.items()
        }
        reported = len(callers["analytics"].acknowledged)
        assert wait_until(lambda: admin.evaluations(banner) >= reported)
        evaluations = admin.evaluations(banner)
    finally:
        server.kill()

    assert {name: dict(callers[name].answers) for name in READS} == {
        name: {"200": len(callers[name].acknowledged)} for name in READS
    }
    assert {name: set(callers[name].answers) for name in WRITES} == {
        name: {"200", "503 with Retry-After"} for name in WRITES
    }
    assert (away.status_code, away.json()["code"], alive) == (500, "database_unavailable", 200)
    assert (at_admin_api.status_code, at_admin_api.json()["code"]) == (503, "database_unavailable")
    assert examined["Health"] == "database_unavailable"
    assert flags.json()[0]["feature_state_value"] == "good day"
    assert told.data == f'{{"updated_at": {flags.headers["x-flagsmith-document-updated-at"]}}}'
    assert evaluations == reported
    assert stored["identify"] == callers["identify"].acknowledged[-1]
    assert stored["set"] == callers["set"].acknowledged[-1]
    # One that was refused may have been done all the same; none that was acknowledged is missing.
    increments = callers["increment"]
    assert len(increments.acknowledged) <= stored["increment"] <= increments.answers.total()


def test_a_paused_database_keeps_nobody_waiting(cluster: PostgresCluster, tmp_path: Path) -> None:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("needs /proc, to find the processes of PostgreSQL")
    server = Server(tmp_path, database_url=cluster.new_database())
    try:
        server.start()
        admin = Admin(server.api_url)
        admin.create_project()
        admin.create_feature("banner", "hello", enabled=True)
        key = {"X-Environment-Key": admin.server_key}
        with httpx.Client(base_url=server.url, headers=key, timeout=ANSWER_SECONDS_MAX) as client:
            before = [send(client, 1).status_code for send in WRITES.values()]
            cluster.pause()
            try:
                with ThreadPoolExecutor() as threads:
                    probes = [threads.submit(client.get, path) for path in ("/health", "/version/")]
                    waiting = list(threads.map(lambda send: send(client, 2), WRITES.values()))
                    probed = [probe.result().status_code for probe in probes]
                reading = {name: send(client, 3).status_code for name, send in READS.items()}
                refused = [send(client, 3) for send in WRITES.values()]
            finally:
                cluster.resume()
            assert wait_until(lambda: all(send(client, 4).status_code == 200 for send in WRITES.values()))
            stored = client.get("/api/v1/identities/?identifier=kim").json()["traits"][0]["trait_value"]
    finally:
        server.kill()

    assert (before, probed) == ([200] * len(WRITES), [500, 503])
    assert {answer.status_code for answer in (*waiting, *refused)} == {503}
    assert all(answer.headers["retry-after"] == "1" for answer in (*waiting, *refused))
    assert reading == dict.fromkeys(READS, 200)
    assert stored == 4
