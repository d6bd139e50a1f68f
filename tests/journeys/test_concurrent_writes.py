"""Many programs write to one identity at the same moment, over four workers: no acknowledged write is undone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.journeys.admin import Admin
from tests.journeys.running import Server

CLIENTS = 50
ROUNDS = 8


class Program:
    """One client with a trait of its own, one that it shares with all, and a common counter."""

    def __init__(self, http: httpx.Client, number: int) -> None:
        self._http = http
        self.number = number
        self.acknowledged: dict[str, int] = {}
        self.sums: list[int] = []

    def run(self) -> None:
        ways = [self._identify, self._set, self._set_many]
        for turn in range(ROUNDS):
            values = {f"own-{self.number}": turn, "shared": self.number * ROUNDS + turn}
            ways[(self.number + turn) % len(ways)](values)
            self.acknowledged |= values
            self.sums.append(self._increment())

    def _identify(self, values: dict[str, int]) -> None:
        traits = [{"trait_key": name, "trait_value": value} for name, value in values.items()]
        answer = self._send("POST", "identities/", {"identifier": "kim", "traits": traits})
        # Others may have written the shared trait since; nobody else writes this one.
        own = f"own-{self.number}"
        assert {t["trait_key"]: t["trait_value"] for t in answer["traits"]}[own] == values[own]

    def _set(self, values: dict[str, int]) -> None:
        for name, value in values.items():
            self._send("POST", "traits/", trait(name, value))

    def _set_many(self, values: dict[str, int]) -> None:
        self._send("PUT", "traits/bulk/", [trait(name, value) for name, value in values.items()])

    def _increment(self) -> int:
        body = {"identifier": "kim", "trait_key": "visits", "increment_by": 1}
        return int(self._send("POST", "traits/increment-value/", body)["trait_value"])

    def _send(self, method: str, path: str, body: Any) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()


def trait(name: str, value: int) -> dict[str, Any]:
    return {"identity": {"identifier": "kim"}, "trait_key": name, "trait_value": value}


def test_fifty_clients_lose_no_trait_and_no_increment(new_server: Callable[..., Server]) -> None:
    server = new_server(workers=4).start()
    admin = Admin(server.api_url)
    admin.create_project()
    key = {"X-Environment-Key": admin.server_key}
    connections = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)

    with (
        httpx.Client(base_url=server.api_url, headers=key, timeout=60, limits=connections) as http,
        ThreadPoolExecutor(CLIENTS) as threads,
    ):
        programs = [Program(http, number) for number in range(CLIENTS)]
        for running in [threads.submit(program.run) for program in programs]:
            running.result()

    answer = admin.client.get("identities/?identifier=kim", headers=key).json()
    stored = {trait["trait_key"]: trait["trait_value"] for trait in answer["traits"]}
    own = {f"own-{program.number}": ROUNDS - 1 for program in programs}
    assert {name: value for name, value in stored.items() if name.startswith("own-")} == own
    assert stored["shared"] in {program.acknowledged["shared"] for program in programs}
    assert stored["visits"] == CLIENTS * ROUNDS
    assert sorted(sum_ for program in programs for sum_ in program.sums) == list(range(1, CLIENTS * ROUNDS + 1))
