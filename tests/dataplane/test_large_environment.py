"""An environment at its limits: served whole, and changed without a pause.

1,000 features, 500 segments of 20 conditions, 2,000 segment overrides and 50,000 identity overrides.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataplane.client import Client
from tests.dataplane.conftest import publish
from tests.dataplane.large import FEATURES, OVERRIDES_EACH, large
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY
from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.stores.opening import Stores, open_stores

CHANGED_AT = "2024-06-01T12:00:01.500000+00:00"
SEEN_SECONDS_MAX = 60.0


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    opened = open_stores(None, Path(tmp_path_factory.mktemp("large")))
    opened.migrate()
    publish(opened, large(1, "2024-06-01T12:00:00.250000+00:00"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    config = Config(data_dir=tmp_path_factory.mktemp("config"), enable_gzip_compression=True)
    started = Client(DataPlane(config, stores, Installation({})))
    yield started
    started.close()


def values(body: bytes) -> dict[str, str]:
    answer = json.loads(body)
    flags = answer if isinstance(answer, list) else answer["flags"]
    return {flag["feature"]["name"]: flag["feature_state_value"] for flag in flags}


def test_all_flags_are_right(client: Client) -> None:
    defaults = {f"feature_{number}": "default of version 1" for number in range(1, FEATURES + 1)}

    everybody = client.get("/api/v1/flags/", CLIENT_KEY)
    body = {"identifier": "user-50000", "traits": [{"trait_key": "level", "trait_value": 2}], "transient": True}
    leveled = client.post("/api/v1/identities/", body, SERVER_KEY)

    # Segments 1 and 2 override features 1 to 8, and no stronger one applies; user 50,000 has an own value of feature 1.
    assert values(everybody.body) == defaults
    wanted = {f"feature_{n}": f"segment {1 + (n - 1) // OVERRIDES_EACH}" for n in range(1, 2 * OVERRIDES_EACH + 1)}
    assert values(leveled.body) == defaults | wanted | {"feature_1": "own"}


def test_the_document_is_whole_and_known_the_next_time(client: Client) -> None:
    answer = client.get("/api/v1/environment-document/", SERVER_KEY)
    document = answer.json()
    conditions = {"if_none_match": answer.headers["etag"]}, {"if_modified_since": answer.headers["last-modified"]}
    again = [client.get("/api/v1/environment-document/", SERVER_KEY, **condition) for condition in conditions]
    compressed = client.get("/api/v1/environment-document/", SERVER_KEY, accept_encoding="zstd")

    segments = document["project"]["segments"]
    assert (len(document["feature_states"]), len(segments), len(document["identity_overrides"])) == (1000, 500, 50_000)
    assert sum(len(segment["feature_states"]) for segment in segments) == 2000
    assert [(known.status, known.body) for known in again] == [(304, b"")] * 2
    assert compressed.headers["content-encoding"] == "zstd"
    assert len(compressed.body) < len(answer.body) / 5


def test_requests_are_answered_while_a_change_is_compiled(client: Client, stores: Stores) -> None:
    async def ask_until_it_changes() -> list[str]:
        seen = []
        while not seen or seen[-1] != "default of version 2":
            answer = await client.send("GET", "/api/v1/flags/?feature=feature_9", key=CLIENT_KEY)
            assert answer.status == 200
            seen.append(answer.json()["feature_state_value"])
            await asyncio.sleep(0.001)
        return seen

    publish(stores, large(2, CHANGED_AT))
    seen = client.loop.run_until_complete(asyncio.wait_for(ask_until_it_changes(), SEEN_SECONDS_MAX))

    assert seen == sorted(seen)
    assert len(seen) > 20
    assert client.get("/api/v1/environment-document/", SERVER_KEY).json()["updated_at"] == CHANGED_AT
