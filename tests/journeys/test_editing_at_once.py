"""Two people change the same flag at the same moment, through two workers: nothing is lost, and nobody gets a 500."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.journeys.admin import Admin, string
from tests.journeys.connections import to_every_worker
from tests.journeys.running import Server

ROUNDS = 8
WORKERS = 2

Request = tuple[str, str, Any]


class Together:
    """Sends requests at once, each over a connection to a worker of its own."""

    def __init__(self, admin: Admin, clients: list[httpx.Client]) -> None:
        self.admin, self._clients = admin, clients
        for client in clients:
            client.headers["Authorization"] = admin.client.headers["Authorization"]

    def get(self, path: str) -> Any:
        return self._clients[0].get(path, timeout=60).json()

    def send(self, *requests: Request) -> list[httpx.Response]:
        start = Barrier(len(requests))

        def one(client: httpx.Client, request: Request) -> httpx.Response:
            start.wait(timeout=20)
            method, path, body = request
            return client.request(method, path, json=body, timeout=60)

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(one, self._clients[: len(requests)], requests))


@pytest.fixture
def together(new_server: Callable[..., Server]) -> Iterator[Together]:
    server = new_server(workers=WORKERS).start()
    admin = Admin(server.api_url)
    admin.create_project()
    clients = to_every_worker(server)
    yield Together(admin, clients)
    for client in clients:
        client.close()


def statuses(answers: list[httpx.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


@pytest.mark.timeout(300)
def test_nothing_that_two_people_change_at_once_is_lost(together: Together) -> None:
    admin = together.admin
    feature, other = admin.create_feature("banner", "v"), admin.create_feature("button")
    state = admin.default_state(feature)
    segments = [admin.create_segment(f"s{number}", ("EQUAL", "n", str(number))) for number in range(2 * ROUNDS)]
    project, key = admin.project["id"], admin.client_key
    nested = f"/api/v1/environments/{key}/featurestates/{state}/"
    flat = f"/api/v1/features/featurestates/{state}/"
    own = f"/api/v1/projects/{project}/features/{feature}/"
    whole = f"/api/__future__/environments/{key}/features/{other}/"

    for number in range(ROUNDS):
        is_on = bool(number % 2)
        answers = together.send(
            ("PATCH", nested, {"enabled": is_on}),
            ("PATCH", flat, {"feature_state_value": string(f"v{number}")}),
        )
        answers += together.send(("PATCH", own, {"description": f"d{number}"}), ("PATCH", own, {"is_archived": is_on}))
        first, second = segments[2 * number : 2 * number + 2]
        answers += together.send(
            ("PATCH", whole, {"segment_overrides": [{"segment": {"id": first}, "enabled": True}]}),
            ("PATCH", whole, {"segment_overrides": [{"segment": {"id": second}, "enabled": True}]}),
        )

        assert statuses(answers) == [200] * 6, [answer.text[:300] for answer in answers]
        found = admin.get(f"environments/{key}/featurestates/{state}/")
        assert (found["enabled"], found["feature_state_value"]) == (is_on, f"v{number}")
        described = admin.get(f"projects/{project}/features/{feature}/")
        assert (described["description"], described["is_archived"]) == (f"d{number}", is_on)

    overrides = admin.get(f"features/feature-segments/?environment={admin.environment['id']}&feature={other}")[
        "results"
    ]
    assert sorted(link["segment"] for link in overrides) == segments
    assert len({link["priority"] for link in overrides}) == len(segments)


@pytest.mark.timeout(300)
def test_versions_published_at_once_keep_one_anothers_changes(together: Together) -> None:
    admin = together.admin
    feature, key = admin.create_feature("banner", "v"), admin.client_key
    answer = admin.client.post(f"environments/{key}/enable-v2-versioning/")
    assert answer.status_code == 202
    path = f"/api/__future__/environments/{key}/features/{feature}/"
    segments = [admin.create_segment(f"s{number}", ("EQUAL", "n", str(number))) for number in range(ROUNDS)]

    for number, segment in enumerate(segments):
        value = {"type": "string", "value": f"v{number}"}
        answers = together.send(
            ("PATCH", path, {"environment_default": {"value": value}}),
            ("PATCH", path, {"segment_overrides": [{"segment": {"id": segment}, "enabled": True}]}),
        )

        assert statuses(answers) == [200, 200], [answer.text[:300] for answer in answers]
        found = together.get(path)
        assert found["environment_default"]["value"] == value
        assert sorted(entry["segment"]["id"] for entry in found["segment_overrides"]) == segments[: number + 1]


@pytest.mark.timeout(300)
def test_variations_added_at_once_never_exceed_everybody(together: Together) -> None:
    admin = together.admin
    for number in range(ROUNDS):
        feature = admin.create_feature(f"multi{number}", "control")
        path = f"/api/v1/projects/{admin.project['id']}/features/{feature}/mv-options/"
        option = {
            "feature": feature,
            "type": "unicode",
            "string_value": "x",
            "default_percentage_allocation": 60,
        }

        answers = together.send(("POST", path, option), ("POST", path, option))

        assert sorted(statuses(answers)) == [201, 400], [answer.text[:300] for answer in answers]
