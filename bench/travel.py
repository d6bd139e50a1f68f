"""How long a toggle takes from the Admin API's answer until every worker gives the new value."""

import statistics
import time
from dataclasses import dataclass

import httpx

from bench import tools
from bench.seeding import Project
from tests.journeys import connections
from tests.journeys.running import Server


@dataclass(frozen=True)
class Travel:
    database: str
    workers: int
    toggles: int
    p50_ms: float
    p99_ms: float
    request_p50_ms: float
    """Of the Admin API's request itself, which comes before."""


class NeverSeen(Exception):
    """A worker still gave the old value after seconds."""


def measure(server: Server, project: Project, *, database: str, toggles: int) -> Travel:
    clients = connections.to_every_worker(server)
    with httpx.Client(base_url=server.url, headers={"Authorization": project.token}, timeout=10) as admin:
        requests, travels = [], []
        for number in range(toggles):
            enabled = number % 2 == 1
            began = time.perf_counter()
            path = f"/api/v1/environments/{project.client_key}/featurestates/{project.toggled_state}/"
            admin.patch(path, json={"enabled": enabled}).raise_for_status()
            answered = time.perf_counter()
            requests.append(answered - began)
            travels.append(_seen_by_all(clients, project, enabled) - answered)
            # At any time within the worker's own rhythm, not always right after the last change.
            time.sleep(0.01 + number % 7 * 0.013)
    for client in clients:
        client.close()
    return Travel(
        database,
        server.workers,
        toggles,
        statistics.median(travels) * 1000,
        tools.percentile(travels, 99) * 1000,
        statistics.median(requests) * 1000,
    )


def _seen_by_all(clients: list[httpx.Client], project: Project, enabled: bool) -> float:
    """The moment at which the last worker was seen to give the new value."""
    path = f"/api/v1/flags/?feature={project.toggled_feature}"
    waiting, give_up_at = list(clients), time.perf_counter() + 10
    while True:
        answers = [client.get(path, headers={"X-Environment-Key": project.client_key}).json() for client in waiting]
        waiting = [client for client, answer in zip(waiting, answers, strict=True) if answer["enabled"] is not enabled]
        if not waiting:
            return time.perf_counter()
        if time.perf_counter() > give_up_at:
            raise NeverSeen(f"{len(waiting)} of {len(clients)} workers")
        time.sleep(0.0005)
