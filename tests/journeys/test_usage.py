"""Usage is exact: every request that was answered is counted, and none twice."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.journeys import connections
from tests.journeys.admin import Admin
from tests.journeys.running import Server

REQUESTS = 300
SHOP = {"Flagsmith-Application-Name": "shop", "Flagsmith-Application-Version": "1.0"}


def ask(client: httpx.Client, admin: Admin) -> Counter[str]:
    """Requests of every counted kind, with all sorts of answers."""
    calls = [
        ("flags", "flags/"),
        ("flags", "flags/?feature=unknown"),
        ("identities", "identities/?identifier=kim"),
        ("environment_document", "environment-document/"),
        ("", "analytics/flags/"),
    ]
    sent: Counter[str] = Counter()
    for number in range(REQUESTS):
        resource, path = calls[number % len(calls)]
        headers = {"X-Environment-Key": admin.server_key} | (SHOP if number % 2 else {})
        method = "GET" if resource else "POST"
        client.request(method, f"/api/v1/{path}", headers=headers, json=None if resource else {})
        sent[resource] += 1
    return sent


def test_what_is_counted_is_what_was_sent_over_four_workers_and_restarts(new_server: Callable[..., Server]) -> None:
    server = new_server(workers=4).start()
    admin = Admin(server.api_url)
    admin.create_project()
    sent: Counter[str] = Counter()

    for _ in range(2):
        clients = connections.to_every_worker(server)
        with ThreadPoolExecutor(len(clients)) as pool:
            sent += sum(pool.map(lambda client: ask(client, admin), clients), Counter())
        for client in clients:
            client.close()
        assert server.stop() == 0
        server.start()

    rows = admin.get(f"organisations/{admin.organisation['id']}/usage-data/")
    counted: Counter[str] = Counter()
    for row in rows:
        counted.update({name: row[name] for name in ("flags", "identities", "environment_document", "traits")})
    del sent[""]
    assert +counted == sent
    labels = {"client_application_name": "shop", "client_application_version": "1.0"}
    assert [row["labels"] for row in rows] in ([{}, labels], [{}, labels] * 2)


def test_a_kill_costs_at_most_the_counts_of_the_last_second(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    admin = Admin(server.api_url)
    admin.create_project()
    feature = admin.create_feature("banner", "hello")
    answered_at: list[float] = []

    with httpx.Client(base_url=server.api_url, headers={"X-Environment-Key": admin.client_key}) as client:
        give_up_at = time.monotonic() + 3
        while time.monotonic() < give_up_at:
            client.get("flags/")
            client.post("analytics/flags/", json={"banner": 1})
            answered_at.append(time.monotonic())
        killed_at = time.monotonic()
        server.kill()
    server.start()

    before_the_last_second = sum(moment < killed_at - 1 for moment in answered_at)
    requests = sum(row["flags"] for row in admin.get(f"organisations/{admin.organisation['id']}/usage-data/"))
    assert 0 < before_the_last_second <= requests <= len(answered_at)
    assert before_the_last_second <= admin.evaluations(feature) <= len(answered_at)
