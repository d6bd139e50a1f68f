"""Webhooks of a real server: told by its task runner, and told all the same after a power cut."""

import json
import time
from collections.abc import Callable

import pytest

from tests.controlplane.receivers import Receiver, receiver
from tests.journeys.admin import Admin
from tests.journeys.running import Server

LEASE_SECONDS = 60
"""How long a message waits that was just being sent when its sender was killed."""


@pytest.mark.timeout(LEASE_SECONDS + 60)
def test_a_change_is_told_though_everything_is_killed_right_after_it(new_server: Callable[..., Server]) -> None:
    server = new_server(VEXIL_WEBHOOKS_MAY_BE_INTERNAL="true").start()
    admin = Admin(server.api_url)
    admin.create_project()
    state = admin.default_state(admin.create_feature("banner", "old"))
    with receiver() as kept:
        admin.post(f"environments/{admin.client_key}/webhooks/", {"url": kept.url, "secret": "s"})
        admin.change(state, feature_state_value="before")
        wait_for(kept, "before", seconds=10)

        admin.change(state, feature_state_value="after")
        server.kill()
        server.start()

        wait_for(kept, "after", seconds=LEASE_SECONDS + 20)
    assert set(told(kept)) == {"before", "after"}


def wait_for(kept: Receiver, value: str, *, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while value not in told(kept):
        assert time.monotonic() < give_up_at, f"nobody told of {value!r}"
        time.sleep(0.02)


def told(kept: Receiver) -> list[str]:
    return [json.loads(body)["data"]["new_state"]["feature_state_value"] for body in list(kept.bodies)]
