"""The Admin API with a large project: creating features, a page of each list, a toggle's round trip."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from bench import tools
from bench.sections import Section, table
from tests.journeys.admin import Admin
from tests.journeys.running import Server

AIM_PAGE_MS = 100
MORE = 20


def measure(folder: Path, *, features: int, environments: int, repeats: int) -> Section:
    server = Server(folder)
    try:
        server.start()
        admin = Admin(server.api_url)
        admin.create_project("Large")
        names, more = iter(range(features)), min(MORE, features // 2)
        creating = _times(lambda: _create(admin, next(names)), features - more)
        for number in range(2, environments + 1):
            admin.create_environment(f"Environment {number}")
        adding = _times(lambda: _create(admin, next(names)), more)
        for number in range(20):
            admin.create_segment(f"segment {number}", ("EQUAL", "plan", str(number)))
        state = admin.default_state(admin.get(f"projects/{admin.project['id']}/features/")["results"][0]["id"])
        with httpx.Client(base_url=server.api_url, headers=dict(admin.client.headers), timeout=60) as client:
            pages = {name: _times(partial(_get, client, path), repeats) for name, path in _lists(admin).items()}
            path = f"environments/{admin.client_key}/featurestates/{state}/"
            turns = iter(range(10 * repeats))
            toggling = _times(
                lambda: client.patch(path, json={"enabled": next(turns) % 2 == 0}).raise_for_status(), repeats
            )
    finally:
        server.kill()
    rows = [
        ("POST a feature, with one environment", *_figures(creating), ""),
        ("POST one more, with all of them", *_figures(adding), ""),
    ]
    rows += [("PATCH a state (a toggle)", *_figures(toggling), "")]
    rows += [(f"GET {name}", *_figures(times), f"< {AIM_PAGE_MS}") for name, times in pages.items()]
    text = (
        f"A project of {features:,} features and {environments} environments on SQLite, one client; "
        f"the features were created in {sum(creating):.0f} s, while there was one environment.\n\n"
    )
    numbers = {str(row[0]): {"p50_ms": row[1], "p99_ms": row[2]} for row in rows}
    return Section("Admin API", text + table(["Request", "p50 ms", "p99 ms", "Aim p99"], rows), numbers)


def _lists(admin: Admin) -> dict[str, str]:
    number = admin.environment["id"]
    project, environment = f"projects/{admin.project['id']}", f"environments/{admin.client_key}"
    return {
        "features": f"{project}/features/",
        "features of an environment, 100 a page": f"{project}/features/?page_size=100&environment={number}",
        "features, searched": f"{project}/features/?search=99",
        "feature states of an environment": f"{environment}/featurestates/",
        "segments": f"{project}/segments/",
        "environments": f"environments/?project={admin.project['id']}",
        "identities": f"{environment}/identities/",
        "tags": f"{project}/tags/",
        "audit log of the project": f"{project}/audit/",
    }


def _create(admin: Admin, number: int) -> None:
    admin.create_feature(f"feature_{number:04}", f"value {number}", enabled=number % 2 == 0)


def _get(client: httpx.Client, path: str) -> None:
    client.get(path).raise_for_status()


def _times(act: Callable[[], object], repeats: int) -> list[float]:
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return taken


def _figures(seconds: list[float]) -> tuple[str, str]:
    return f"{statistics.median(seconds) * 1000:.1f}", f"{tools.percentile(seconds, 99) * 1000:.1f}"
