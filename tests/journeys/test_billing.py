"""An organisation over its allowance on a running server, and what an operator can do about it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.journeys import connections
from tests.journeys.admin import Admin
from tests.journeys.running import VEXIL, Server, environment
from tests.journeys.test_workers import poll
from vexil.stores.opening import open_stores
from vexil.stores.usage import UsageKey

BILLING = {
    "ENABLE_API_USAGE_ALERTING": "true",
    "VEXIL_PLANS": '{"free": {"max_api_calls": 10}, "gold": {"max_api_calls": 1000, "max_seats": 5}}',
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
}
EIGHT_DAYS = """
import django; django.setup()
from datetime import UTC, datetime, timedelta
from vexil.controlplane.jobs import recurring
now = datetime.now(UTC)
for moment in (now - timedelta(days=8), now): recurring.run_all(moment)
"""
"""The jobs as they would have run eight days ago and now."""


def operate(server: Server, *command: str) -> str:
    settings = environment(server.database_url, **BILLING, VEXIL_DATA_DIR=str(server.folder / "data"))
    settings["DJANGO_SETTINGS_MODULE"] = "vexil.controlplane.site.settings"
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.timeout(120)
def test_a_blocked_organisation_gets_429_from_every_worker_until_it_pays(new_server: Callable[..., Server]) -> None:
    server = new_server(workers=2, **BILLING).start()
    admin = Admin(server.api_url)
    admin.create_project()
    admin.create_feature("banner")
    clients = connections.to_every_worker(server)
    organisation = str(admin.organisation["id"])

    def seen(status: int) -> list[httpx.Response]:
        return [poll(client, admin.client_key, lambda answer: answer.status_code == status) for client in clients]

    use(server, admin.environment["id"], calls=12, days_ago=9)
    operate(server, sys.executable, "-c", EIGHT_DAYS)
    blocked = seen(429)
    shown = operate(server, VEXIL, "plan", organisation)
    operate(server, VEXIL, "plan", organisation, "gold")
    paid = seen(200)
    operate(server, VEXIL, "serving", organisation, "off")
    stopped = seen(403)
    operate(server, VEXIL, "serving", organisation, "on")
    resumed = seen(200)

    assert [answer.json()["detail"] for answer in blocked] == ["Organisation has exceeded its API allowance."] * 2
    day = 24 * 60 * 60
    assert all(21 * day < int(answer.headers["Retry-After"]) <= 22 * day for answer in blocked)
    assert "plan free, blocked by its usage until" in shown
    assert " of 10, 1" in shown
    assert [answer.status_code for answer in paid + stopped + resumed] == [200, 200, 403, 403, 200, 200]
    assert stopped[0].json()["detail"] == "Organisation is disabled from serving flags."
    for client in clients:
        client.close()


def use(server: Server, environment_id: int, *, calls: int, days_ago: int) -> None:
    stores = open_stores(server.database_url, server.folder / "data")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    stores.usage.add({UsageKey(environment_id, "flags", hour, ""): calls})
    stores.close()
