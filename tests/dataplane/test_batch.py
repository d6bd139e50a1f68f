"""Many identities in one request, each as it would be answered alone."""

from typing import Any

import pytest

from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import (
    CLIENT_KEY,
    SERVER_KEY,
    feature,
    identity,
    override,
    segment,
    snapshot,
    state,
)
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Snapshot

PATH = "/api/v1/identities/batch/"
ONE = "/api/v1/identities/"


def shop(**parts: Any) -> Snapshot:
    return snapshot(
        features=[feature(7, "banner"), feature(8, "secret", is_server_key_only=True)],
        defaults=[state(11, 7, "hello"), state(12, 8, "s")],
        segments=[segment(40, override(18, 7, "hello pro", link=5, priority=1))],
        identity_overrides=[identity(50, "ann", state(19, 7, "hello ann"))],
        **parts,
    )


def test_each_identity_is_answered_as_it_would_be_alone(serve: Serve) -> None:
    client = serve(shop())
    given = [
        {"identifier": "kim"},
        {"identifier": "lee", "traits": [{"trait_key": "plan", "trait_value": "pro"}]},
        {"identifier": "ann", "traits": [{"trait_key": "age", "trait_value": 3}]},
        {"traits": [{"trait_key": "plan", "trait_value": "pro"}]},
    ]

    answer = client.post(PATH, {"identities": given}, CLIENT_KEY)
    alone = [client.post(ONE, entry | {"transient": True}, CLIENT_KEY) for entry in given]

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == [single.json() for single in alone]
    assert answer.headers["x-flagsmith-document-updated-at"] == alone[0].headers["x-flagsmith-document-updated-at"]


def test_traits_may_be_an_object(serve: Serve) -> None:
    client = serve(shop())

    short = client.post(PATH, {"identities": [{"identifier": "lee", "traits": {"plan": "pro"}}]}, CLIENT_KEY)
    long = {"identifier": "lee", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}

    assert short.json() == client.post(PATH, {"identities": [long]}, CLIENT_KEY).json()
    assert short.json()[0]["flags"][0]["feature_state_value"] == "hello pro"


def test_each_identity_stands_on_a_line_of_its_own(serve: Serve) -> None:
    client = serve(shop())

    answer = client.post(PATH, {"identities": [{"identifier": f"user-{n}"} for n in range(1000)]}, CLIENT_KEY)

    lines = answer.body.decode().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (1002, "[", "]")
    assert [entry["identifier"] for entry in answer.json()] == [f"user-{n}" for n in range(1000)]


def test_an_empty_batch_is_an_empty_list(serve: Serve) -> None:
    assert serve(shop()).post(PATH, {"identities": []}, CLIENT_KEY).json() == []


def test_nothing_is_read_from_the_store_or_written_to_it(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    client.post(ONE, {"identifier": "kim", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}, CLIENT_KEY)

    answer = client.post(PATH, {"identities": [{"identifier": "kim"}, {"identifier": "new"}]}, CLIENT_KEY)

    assert [entry["flags"][0]["feature_state_value"] for entry in answer.json()] == ["hello", "hello"]
    assert stores.identities.find(3, "new") is None


def test_only_server_keys_see_what_is_for_servers(serve: Serve) -> None:
    client = serve(shop())

    def names(key: str) -> list[str]:
        answer = client.post(PATH, {"identities": [{"identifier": "kim"}]}, key).json()
        return [flag["feature"]["name"] for flag in answer[0]["flags"]]

    assert (names(CLIENT_KEY), names(SERVER_KEY)) == (["banner"], ["banner", "secret"])


def test_traits_of_clients_are_dropped_where_they_may_not_set_any(serve: Serve) -> None:
    client = serve(shop(environment={"allow_client_traits": False}))

    answer = client.post(PATH, {"identities": [{"identifier": "kim", "traits": {"plan": "pro"}}]}, CLIENT_KEY)

    assert answer.json()[0]["flags"][0]["feature_state_value"] == "hello"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"identities": ["This field is required."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ({"identities": None}, {"identities": ["This field may not be null."]}),
        ({"identities": {}}, {"identities": {"non_field_errors": ['Expected a list of items but got type "dict".']}}),
        ({"identities": [{}] * 1001}, {"identities": ["Ensure this field has no more than 1000 elements."]}),
        (
            {"identities": [{"identifier": "kim"}, {"identifier": {}}, 5]},
            {
                "identities": [
                    {},
                    {"identifier": ["Not a valid string."]},
                    {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                ]
            },
        ),
    ],
)
def test_errors_stand_at_the_place_of_the_identity(serve: Serve, body: Any, errors: Any) -> None:
    answer = serve(shop()).post(PATH, body, CLIENT_KEY)

    assert (answer.status, answer.json()) == (400, errors)
