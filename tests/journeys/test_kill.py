"""SIGKILL at any moment: no acknowledged write is lost, and what SDKs get is not behind what the Admin API shows."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.journeys.admin import Admin
from tests.journeys.running import Server

ROUNDS = 5
TRAIT_WRITERS = 3


class Writer(threading.Thread):
    """Writes 1, 2, 3 … one after another until the server is gone; `acknowledged` is the last that was answered."""

    def __init__(self, write: Callable[[int], httpx.Response], after: int) -> None:
        super().__init__()
        self._write = write
        self.acknowledged = self.sent = after
        self.refused: list[str] = []

    def run(self) -> None:
        try:
            while True:
                answer = self._write(self.sent + 1)
                self.sent += 1
                if answer.status_code not in {200, 201}:
                    self.refused.append(f"{answer.status_code} {answer.text[:300]}")
                    return
                self.acknowledged = self.sent
        except httpx.TransportError:
            self.sent += 1  # Sent perhaps, never answered: it may or may not be there.

    def may_have_left(self, number: int) -> bool:
        return self.acknowledged <= number <= self.sent


@contextmanager
def writers(server: Server, admin: Admin, state: int, after: dict[str, int]) -> Iterator[dict[str, Writer]]:
    """One toggles a flag's value, one creates features, some store traits."""
    token = {"Authorization": admin.client.headers["Authorization"]}
    key = {"X-Environment-Key": admin.client_key}
    client = httpx.Client(base_url=server.api_url, timeout=20)

    def change(number: int) -> httpx.Response:
        path = f"environments/{admin.client_key}/featurestates/{state}/"
        return client.patch(path, json={"feature_state_value": str(number)}, headers=token)

    def create(number: int) -> httpx.Response:
        return client.post(f"projects/{admin.project['id']}/features/", json={"name": f"made_{number}"}, headers=token)

    def store(name: str) -> Callable[[int], httpx.Response]:
        traits = [{"trait_key": "number"}]
        return lambda number: client.post(
            "identities/", json={"identifier": name, "traits": [traits[0] | {"trait_value": number}]}, headers=key
        )

    jobs = {"change": change, "create": create} | {f"visitor-{n}": store(f"visitor-{n}") for n in range(TRAIT_WRITERS)}
    started = {name: Writer(write, after.get(name, 0)) for name, write in jobs.items()}
    for writer in started.values():
        writer.start()
    yield started
    for writer in started.values():
        writer.join(25)
    client.close()


def flags(server: Server, key: str) -> dict[str, str | None]:
    answer = httpx.get(f"{server.api_url}flags/", headers={"X-Environment-Key": key})
    return {flag["feature"]["name"]: flag["feature_state_value"] for flag in answer.json()}


def stored_number(server: Server, key: str, identifier: str) -> int:
    answer = httpx.get(
        f"{server.api_url}identities/", params={"identifier": identifier}, headers={"X-Environment-Key": key}
    )
    return int(next((trait["trait_value"] for trait in answer.json()["traits"]), 0))


@pytest.mark.timeout(300)
def test_killed_again_and_again_it_loses_nothing_acknowledged(new_server: Callable[..., Server]) -> None:
    chance = random.Random(2718)
    server = new_server(workers=2).start()
    admin = Admin(server.api_url)
    admin.create_project()
    state = admin.default_state(admin.create_feature("counter", "0"))
    after: dict[str, int] = {}

    for _ in range(ROUNDS):
        with writers(server, admin, state, after) as writing:
            time.sleep(chance.uniform(0.2, 1.2))
            server.kill()
        server.start()
        # The very first look after the start: a snapshot behind the rows would show here.
        seen = flags(server, admin.client_key)
        states = admin.get(f"environments/{admin.client_key}/featurestates/")["results"]
        names = {f["id"]: f["name"] for f in admin.get(f"projects/{admin.project['id']}/features/")["results"]}

        assert {name: writer.refused for name, writer in writing.items() if writer.refused} == {}
        assert seen == {names[row["feature"]]: row["feature_state_value"] for row in states}
        after = {
            "change": int(seen["counter"] or 0),
            "create": max([int(name.removeprefix("made_")) for name in seen if name != "counter"], default=0),
        }
        after |= {name: stored_number(server, admin.client_key, name) for name in writing if name.startswith("visitor")}
        assert {
            name: (w.acknowledged, after[name], w.sent)
            for name, w in writing.items()
            if not w.may_have_left(after[name])
        } == {}
        assert sorted(seen) == sorted(["counter", *(f"made_{n}" for n in range(1, after["create"] + 1))])
    assert min(after.values()) > ROUNDS
