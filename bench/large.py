"""An environment at its limits: memory and loading time of a worker, and answers during a change."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from bench import footprint, stored, tools
from bench.sections import Section, table
from bench.tools import Target
from tests.dataplane import large
from tests.dataplane.conftest import publish
from tests.dataplane.snapshots import CLIENT_KEY
from tests.journeys.connections import descendants
from tests.journeys.running import Server
from vexil.stores.opening import open_stores

CHANGED = "2024-06-01T12:00:{:02}.000000+00:00"
CONNECTIONS = 8
"""Few enough that the worker is busy but not overrun: a full worker has no time to spare for a change."""
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
        ("p99 of a flag while a change is compiled (aim: below twice)", f"{limits.changing_p99_ms:.1f} ms"),
        ("An identity evaluated anew, processor time", f"{limits.evaluation_us:.0f} µs"),
    ]
    what = (
        f"{large.FEATURES:,} flags, {large.SEGMENTS} segments of {large.CONDITIONS} conditions, "
        f"{large.SEGMENTS * large.OVERRIDES_EACH:,} segment overrides, {large.IDENTITIES:,} identity overrides; "
        "one worker."
    )
    return Section("An environment at its limits", what + "\n\n" + table(["", "Measured"], rows), asdict(limits))


def _limits(server: Server, data: Path, rounds: int, seconds: int) -> Limits:
    began = time.perf_counter()
    server.start()
    _wait_for(server, "default of version 1")
    load_seconds = time.perf_counter() - began
    worker = descendants(server.pid)[0]
    megabytes = footprint.megabytes_of(worker)
    quiet, changing, change_seconds = _while_it_changes(server, data, rounds, seconds)
    after = footprint.megabytes_of(worker)
    requests = data.parent / "evaluations.txt"
    requests.write_text(f"POST\t/api/v1/identities/\t{EVALUATED}\n", encoding="utf-8")
    cost = tools.wrk(Target(server.url, server.pid, CLIENT_KEY), requests, seconds=seconds).processor_us
    return Limits(load_seconds, megabytes, after, change_seconds, quiet, changing, cost)


def _while_it_changes(server: Server, data: Path, rounds: int, seconds: int) -> tuple[float, float, float]:
    """Medians of the p99 before and during changes, and of how long a change takes to be served."""
    requests = data.parent / "requests.txt"
    requests.write_text(ONE_FLAG, encoding="utf-8")
    stores = open_stores(None, data)
    quiet, changing, taken = [], [], []
    watching = ThreadPoolExecutor(1)
    for version in range(2, rounds + 2):
        snapshot = large.large(version, CHANGED.format(version))
        quiet.append(_p99_ms(server, requests, seconds))
        publish(stores, snapshot)
        seen = watching.submit(_seconds_until, server, f"default of version {version}")
        changing.append(_p99_ms(server, requests, seconds))
        taken.append(seen.result())
    watching.shutdown()
    stores.close()
    return statistics.median(quiet), statistics.median(changing), statistics.median(taken)


def _p99_ms(server: Server, requests: Path, seconds: int) -> float:
    target = Target(server.url, server.pid, CLIENT_KEY)
    return tools.wrk(target, requests, seconds=seconds, connections=CONNECTIONS).p99_ms


def _seconds_until(server: Server, value: str) -> float:
    began = time.perf_counter()
    _wait_for(server, value)
    return time.perf_counter() - began


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
