"""Each cause for which the Flags API refuses a request is named in the answer."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.dataplane.client import Client
from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.stores.opening import Stores, open_stores
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire import paths
from vexil.wire.keys import digest

FLAGS, DOCUMENT, TRAITS = "/api/v1/flags/", "/api/v1/environment-document/", "/api/v1/traits/"


def test_an_admin_token_at_the_flags_api(serve: Serve) -> None:
    answer = serve(snapshot()).get(FLAGS, authorization="Api-Key abcdefgh.secret-part-of-it")

    assert json.loads(answer.body) == {
        "detail": "Invalid or missing Environment key",
        "code": "wrong_header",
        "hint": "This is the Flags API: send the environment's key as X-Environment-Key. "
        "You sent Authorization, which belongs to the Admin API.",
        "docs": "/docs/http-errors/#wrong_header",
    }
    assert answer.headers["vexil-error-code"] == "wrong_header"


def test_keys_that_do_not_do(serve: Serve) -> None:
    client = serve(snapshot())

    codes = {
        "none": client.get(FLAGS).explanation()["code"],
        "client key": client.get(DOCUMENT, CLIENT_KEY).explanation()["code"],
        "unknown": client.get(FLAGS, "A2b3C4d5E6f7G8h9J2k3L4").explanation()["code"],
        "quoted": client.get(FLAGS, f'"{CLIENT_KEY}"').explanation()["code"],
        "cut off": client.get(FLAGS, "A2b3C4d5E6f7G8h").explanation()["code"],
    }

    assert codes == {
        "none": "missing_environment_key",
        "client key": "server_key_needed",
        "unknown": "unknown_environment_key",
        "quoted": "malformed_environment_key",
        "cut off": "malformed_environment_key",
    }


def test_keys_that_once_did(serve: Serve, stores: Stores) -> None:
    over = EnvironmentKey("ser.over", datetime.now(UTC) - timedelta(seconds=1))
    reasons = ("inactive_server_key", "expired_server_key", "deleted_server_key")
    ended = [EnvironmentKey(digest(f"ser.{reason}"), ended=reason) for reason in reasons]
    publish(stores, snapshot(), EnvironmentKey(CLIENT_KEY), over, *ended)
    stores.snapshots.forget(99, 1, (EnvironmentKey(digest("client key"), ended="deleted_environment"),))
    client = serve()

    def code(key: str) -> tuple[int, str]:
        answer = client.get(FLAGS, key)
        return answer.status, answer.explanation()["code"]

    assert [code(f"ser.{reason}") for reason in reasons] == [(401, reason) for reason in reasons]
    assert (code("ser.over"), code("client key")) == ((401, "expired_server_key"), (401, "deleted_environment"))
    assert [client.get(FLAGS, key.key).status for key in ended] == [401, 401, 401]

    publish(stores, snapshot(version=2), EnvironmentKey(CLIENT_KEY), EnvironmentKey("ser.inactive_server_key"))
    client.run(client.data_plane.catch_up())
    assert client.get(FLAGS, "ser.inactive_server_key").status == 200


def test_rules_and_bodies(serve: Serve) -> None:
    parts = {"features": [feature(7, "a")], "defaults": [state(11, 7)]}
    client = serve(snapshot(environment={"allow_client_traits": False}, **parts))
    trait = {"identity": {"identifier": "ann"}, "trait_key": "a", "trait_value": 1}

    assert client.post(TRAITS, trait, CLIENT_KEY).explanation()["code"] == "client_traits_not_allowed"
    assert "identity" in client.post(TRAITS, {}, SERVER_KEY).explanation()["hint"]
    assert client.post(TRAITS, b"{", SERVER_KEY).explanation()["code"] == "malformed_body"
    assert client.get(f"{FLAGS}?feature=b", CLIENT_KEY).explanation()["code"] == "feature_not_found"
    assert "GET, HEAD, OPTIONS" in client.request("PUT", FLAGS, key=CLIENT_KEY).explanation()["hint"]


def test_clients_that_accept_problems_get_them(serve: Serve) -> None:
    client = serve(snapshot())

    refused = client.get(FLAGS, accept="application/problem+json, application/json")
    served = client.get(FLAGS, CLIENT_KEY, accept="application/problem+json")

    assert (refused.status, refused.headers["content-type"]) == (403, "application/problem+json")
    assert json.loads(refused.body) | {"hint": ""} == {
        "type": "/docs/http-errors/#missing_environment_key",
        "title": "Missing environment key",
        "status": 403,
        "detail": "Invalid or missing Environment key",
        "code": "missing_environment_key",
        "hint": "",
        "docs": "/docs/http-errors/#missing_environment_key",
    }
    assert (served.status, served.headers["content-type"]) == (200, "application/json")


def test_a_node_of_flags_alone_names_the_nearest_path(serve: Serve) -> None:
    answer = serve(snapshot()).get("/v1/flags/")

    assert (answer.status, answer.explanation()["code"]) == (404, "missing_prefix")
    assert "/api/v1/flags/" in answer.explanation()["hint"]


def test_the_paths_that_hints_name_are_those_that_are_served(serve: Serve) -> None:
    endpoints = serve().data_plane._endpoints

    named = {path for path in endpoints._fixed if not re.search(r"\(\?P<", path)}
    assert named == set(paths.FLAGS_API)


@pytest.fixture
def started_without_database(tmp_path: Path) -> Iterator[Client]:
    stores = open_stores(None, tmp_path)
    client = Client(DataPlane(Config(data_dir=tmp_path), stores, Installation({})))
    yield client
    client.close()
    stores.close()


def test_after_a_start_without_database_no_key_is_called_wrong(started_without_database: Client) -> None:
    answer = started_without_database.get(FLAGS, CLIENT_KEY)

    assert (answer.status, answer.explanation()["code"], answer.headers["retry-after"]) == (503, "cache_cold", "1")
