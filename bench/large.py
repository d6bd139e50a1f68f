"""An environment at its limits: memory and loading time of a worker, and answers during a change."""

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from msgspec import structs

from bench import footprint, stored, tools
from bench.sections import Section, table
from bench.tools import Target
from tests.dataplane import large
from tests.dataplane.conftest import publish
from tests.dataplane.snapshots import CLIENT_KEY
from tests.journeys.connections import descendants
from tests.journeys.running import Server
from vexil.stores.opening import open_stores

CHANGED = "2024-06-01T12:00:00.{:06}+00:00"
CONNECTIONS, PAUSE_MS = 8, 2
"""Some 3,000 requests a second: clients of a full worker wait for each other, change or not."""
ONE_FLAG = "GET\t/api/v1/flags/?feature=feature_9\n"
EVALUATED = (
    '{"identifier": "somebody", "transient": true, "traits": [{"trait_key": "level", "trait_value": 250}, '
    '{"trait_key": "seen", "trait_value": "@@@@@@@@@@"}]}'
)


@dataclass(frozen=True)
class Limits:
    load_seconds: float
    worker_megabytes: float
    worker_megabytes_after_changes: float
    change_seconds: float
    quiet_p99_ms: float
    changing_p99_ms: float
    full_quiet_p99_ms: float
    full_changing_p99_ms: float
    evaluation_us: float


def measure(folder: Path, *, rounds: int, seconds: int) -> Section:
    data = folder / "data"
    stored.put(data, large.large(1, CHANGED.format(0)))
    server = Server(folder, role="flags")
    try:
        limits = _limits(server, data, rounds, seconds)
    finally:
        server.kill()
    rows = [
        ("From start until its flags are served", f"{limits.load_seconds:.1f} s"),
        ("Memory of the worker (PSS)", f"{limits.worker_megabytes:.0f} MB"),
        ("The same after changes", f"{limits.worker_megabytes_after_changes:.0f} MB"),
        ("From a change in the store until it is served", f"{limits.change_seconds:.1f} s"),
        ("p99 of a flag while nothing changes", f"{limits.quiet_p99_ms:.1f} ms"),
        ("p99 of a flag while it changes each second (aim: below twice)", f"{limits.changing_p99_ms:.1f} ms"),
        (
            "The same two with clients that keep the worker full",
            f"{limits.full_quiet_p99_ms:.1f}, {limits.full_changing_p99_ms:.1f} ms",
        ),
        ("An identity evaluated anew, processor time", f"{limits.evaluation_us:.0f} µs"),
    ]
    what = (
        f"{large.FEATURES:,} flags, {large.SEGMENTS} segments of {large.CONDITIONS} conditions, "
        f"{large.SEGMENTS * large.OVERRIDES_EACH:,} segment overrides, {large.IDENTITIES:,} identity overrides; "
        f"one worker. {CONNECTIONS} clients ask for a flag, each {PAUSE_MS} ms after its last answer. "
        "A change switches all defaults; one is made each second."
    )
    return Section("An environment at its limits", what + "\n\n" + table(["", "Measured"], rows), asdict(limits))


def _limits(server: Server, data: Path, rounds: int, seconds: int) -> Limits:
    began = time.perf_counter()
    server.start()
    _wait_for(server, "default of version 1")
    load_seconds = time.perf_counter() - began
    worker = descendants(server.pid)[0]
    megabytes = footprint.megabytes_of(worker)
    changes = _Changes(server, data)
    paced = [_p99s(server, changes, seconds, pause_ms=PAUSE_MS) for _ in range(rounds)]
    full = [_p99s(server, changes, seconds) for _ in range(rounds)]
    changes.close()
    after = footprint.megabytes_of(worker)
    requests = data.parent / "evaluations.txt"
    requests.write_text(f"POST\t/api/v1/identities/\t{EVALUATED}\n", encoding="utf-8")
    cost = tools.wrk(Target(server.url, server.pid, CLIENT_KEY), requests, seconds=seconds).processor_us
    quiet, changing, full_quiet, full_changing = (
        statistics.median(values) for values in (*zip(*paced, strict=True), *zip(*full, strict=True))
    )
    taken = statistics.median(changes.seconds)
    return Limits(load_seconds, megabytes, after, taken, quiet, changing, full_quiet, full_changing, cost)


class _Changes:
    """Changes of the environment, one each second."""

    def __init__(self, server: Server, data: Path) -> None:
        self._server = server
        self._stores = open_stores(None, data)
        self._latest = large.large(1, CHANGED.format(0))
        self._thread = ThreadPoolExecutor(1)
        self._is_over = threading.Event()
        self.seconds: list[float] = []
        """From each change in the store until it is served."""

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._is_over.clear()
        going = self._thread.submit(self._change_on_and_on)
        yield
        self._is_over.set()
        going.result()

    def close(self) -> None:
        self._thread.shutdown()
        self._stores.close()

    def _change_on_and_on(self) -> None:
        while not self._is_over.is_set():
            version = self._latest.version + 1
            value = f"default of version {version}"
            defaults = [structs.replace(state, value=value) for state in self._latest.defaults]
            environment = structs.replace(self._latest.environment, updated_at=CHANGED.format(version))
            self._latest = structs.replace(self._latest, version=version, environment=environment, defaults=defaults)
            publish(self._stores, self._latest)
            began = time.perf_counter()
            _wait_for(self._server, value)
            self.seconds.append(time.perf_counter() - began)
            self._is_over.wait(max(0.0, began + 1 - time.perf_counter()))


def _p99s(server: Server, changes: _Changes, seconds: int, *, pause_ms: int = 0) -> tuple[float, float]:
    """While nothing changes, and while there is a change each second, in milliseconds."""
    requests = server.folder / "requests.txt"
    requests.write_text(ONE_FLAG, encoding="utf-8")
    target = Target(server.url, server.pid, CLIENT_KEY)

    def p99_ms() -> float:
        return tools.wrk(target, requests, seconds=seconds, connections=CONNECTIONS, pause_ms=pause_ms).p99_ms

    quiet = p99_ms()
    with changes.going_on():
        return quiet, p99_ms()


def _wait_for(server: Server, value: str) -> None:
    give_up_at = time.monotonic() + 120
    while True:
        answer = httpx.get(
            f"{server.api_url}flags/?feature=feature_9", headers={"X-Environment-Key": CLIENT_KEY}, timeout=120
        )
        if answer.status_code == 200 and answer.json()["feature_state_value"] == value:
            return
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{value!r} is not served: {answer.text[:200]}")
        time.sleep(0.02)
