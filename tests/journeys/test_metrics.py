"""A server's metrics count what all of its processes do, whichever of them is asked, and go on when one is killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.journeys import connections
from tests.journeys.admin import Admin
from tests.journeys.running import Server, free_port

_SEEN_SECONDS = 10.0
_REQUESTS = "flagsmith_http_server_requests_total"
_FINISHED = "flagsmith_task_processor_finished_tasks_total"
_ENQUEUED = "flagsmith_task_processor_enqueued_tasks_total"
_REGISTRATIONS = "flagsmith_oauth2_dcr_registrations_total"
_STARTS = "vexil_process_starts_total"

Samples = dict[tuple[str, ...], float]


def samples(address: str, name: str) -> Samples:
    """Values by the labels' values, in the order of their names."""
    answer = httpx.get(address).raise_for_status()
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name
    }


def seen(address: str, name: str, wanted: Samples) -> Samples:
    """Those of the wanted labels, once they are as wanted, or time is over."""
    give_up_at = time.monotonic() + _SEEN_SECONDS
    while True:
        found = samples(address, name)
        chosen = {labels: found.get(labels, -1) for labels in wanted}
        if chosen == wanted or time.monotonic() > give_up_at:
            return chosen
        time.sleep(0.05)


def test_metrics_count_the_work_of_all_processes(new_server: Callable[..., Server], tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "counts"
    server = new_server(
        workers=2, PROMETHEUS_ENABLED="true", VEXIL_METRICS_PORT=str(port), PROMETHEUS_MULTIPROC_DIR=str(folder)
    ).start()
    admin = Admin(server.api_url)
    admin.create_project()
    key = {"X-Environment-Key": admin.client_key}
    export = {"environment_id": admin.get(f"environments/{admin.client_key}/")["id"], "tag_ids": []}
    wanted: Samples = {
        ("GET", "200", "/api/v1/flags/"): 6,
        ("GET", "200", "/api/v1/identities/{identifier}/"): 2,
        ("GET", "401", "/api/v1/flags/"): 2,
        ("POST", "201", "/api/v1/environments/{environment_api_key}/api-keys/"): 1,
        ("GET", "404", "unknown"): 4,
        ("unknown", "405", "/api/v1/flags/"): 2,
        ("POST", "201", "/api/v1/features/create-feature-export/"): 1,
    }

    clients = connections.to_every_worker(server)
    for client in clients:
        for _ in range(3):
            client.get("/api/v1/flags/", headers=key).raise_for_status()
        client.get("/api/v1/identities/kim/", headers=key).raise_for_status()
        client.get("/api/v1/flags/", headers={"X-Environment-Key": "no-such-key"})
        for path in ("/api/v1/no/such/path/", f"/x/{client}"):
            client.get(path)
        client.request("FETCH", "/api/v1/flags/", headers=key)
        client.close()
    admin.client.post("features/create-feature-export/", json=export).raise_for_status()
    for method in ("none", "client_secret_post"):
        application = {"redirect_uris": ["http://127.0.0.1/back"], "token_endpoint_auth_method": method}
        httpx.post(f"{server.url}/o/register/", json=application)

    for address in (f"{server.url}/metrics/", f"http://127.0.0.1:{port}/metrics"):
        assert seen(address, _REQUESTS, wanted) == wanted
    finished: Samples = {("success", "feature_files.export", "standard"): 1}
    assert seen(f"{server.url}/metrics/", _FINISHED, finished) == finished
    assert samples(f"{server.url}/metrics/", _ENQUEUED) == {("feature_files.export",): 1}
    assert samples(f"{server.url}/metrics/", _REGISTRATIONS) == {
        ("success", "none"): 1,
        ("invalid_client_metadata", "client_secret_post"): 1,
    }
    assert samples(f"{server.url}/metrics/", "vexil_environments") == {(): 1}
    assert seen(f"{server.url}/metrics/", "vexil_tasks_waiting", {(): 0}) == {(): 0}

    os.kill(connections.descendants(server.pid)[0], signal.SIGKILL)
    restarted: Samples = {("worker-1",): 2, ("worker-2",): 1, ("task-runner",): 1}
    assert seen(f"http://127.0.0.1:{port}/metrics", _STARTS, restarted) == restarted
    assert seen(f"{server.url}/metrics/", _REQUESTS, wanted) == wanted
    assert [len(list(folder.iterdir())), server.stop(), list(folder.iterdir())] == [1, 0, []]


def test_there_are_no_metrics_unless_they_are_wanted(server: Server) -> None:
    answer = httpx.get(f"{server.url}/metrics/")

    assert (answer.status_code, answer.json()["detail"]) == (404, "Not found.")
    assert "PROMETHEUS_ENABLED" in answer.json()["hint"]
