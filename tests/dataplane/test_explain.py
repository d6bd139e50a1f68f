"""Why a flag has its value, for the people behind a server key."""

import random
from typing import Any

from tests.dataplane.client import Client
from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import (
    CLIENT_KEY,
    SERVER_KEY,
    feature,
    identity,
    multivariate,
    override,
    segment,
    snapshot,
    state,
)
from vexil.engine import percentage
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Allocation, Option, Snapshot

PATH = "/api/v1/identities/explain/"
ONE = "/api/v1/identities/"


def shop(**parts: Any) -> Snapshot:
    shares = [Allocation(id=60, uuid="60", option_id=90, percentage=50)]
    return snapshot(
        features=[
            feature(7, "banner"),
            feature(8, "switch", is_server_key_only=True),
            multivariate(9, "size", Option(id=90, key="big", value=12)),
        ],
        defaults=[state(11, 7, "hello"), state(12, 8, enabled=False), state(13, 9, 10, allocations=shares)],
        segments=[
            segment(40, override(18, 7, "hello pro", link=5, priority=1)),
            segment(41, override(20, 7, "hello old", link=6, priority=0), prop="age", value="3"),
            segment(42, prop="age", operator="GREATER_THAN", value="18"),
        ],
        identity_overrides=[identity(50, "ann", state(19, 7, "hello ann"))],
        **parts,
    )


def explain(client: Client, identifier: str | None, **traits: Any) -> Any:
    answer = client.post(PATH, {"identifier": identifier, "traits": traits}, SERVER_KEY)
    assert answer.status == 200, answer.body
    return answer.json()


def test_the_whole_answer(serve: Serve) -> None:
    client = serve(shop())

    answer = explain(client, "kim", plan="pro")

    bucket = percentage(("13", f"{CLIENT_KEY}_kim"))
    is_big = bucket < 50
    default = {"source": "default", "segment": None, "priority": None, "bucket": None, "shares": []}
    pro = {
        "enabled": True,
        "feature_state_value": "hello pro",
        "variant": None,
        "source": "segment_override",
        "segment": {"id": 40, "name": "segment 40"},
        "priority": 1,
        "bucket": None,
        "shares": [],
    }
    old = pro | {"feature_state_value": "hello old", "segment": {"id": 41, "name": "segment 41"}, "priority": 0}
    hello = {"enabled": True, "feature_state_value": "hello", "variant": None, **default}
    off = {"enabled": False, "feature_state_value": None, "variant": None, **default}
    size = {
        "enabled": True,
        "feature_state_value": 12 if is_big else 10,
        "variant": "big" if is_big else "control",
        **default,
        "bucket": bucket,
        "shares": [{"option": 90, "percentage": 50}],
    }
    condition = {"property": "plan", "operator": "EQUAL", "value": "pro", "actual": "pro", "bucket": None}
    age = {"property": "age", "operator": "EQUAL", "value": "3", "actual": None, "bucket": None, "matched": False}
    older = age | {"operator": "GREATER_THAN", "value": "18"}
    standard = {"type": "STANDARD"}
    assert answer == {
        "identifier": "kim",
        "traits": [{"trait_key": "plan", "trait_value": "pro", "transient": True}],
        "segments": [
            {"id": 40, "name": "segment 40", "matched": True, "deciding_condition": {**condition, "matched": True}},
            {"id": 41, "name": "segment 41", "matched": False, "deciding_condition": age},
            {"id": 42, "name": "segment 42", "matched": False, "deciding_condition": older},
        ],
        "flags": [
            {
                "feature": {"id": 7, "name": "banner", **standard},
                **pro,
                "hidden": False,
                "candidates": [
                    old | {"applies": False, "decides": False},
                    pro | {"applies": True, "decides": True},
                    hello | {"applies": True, "decides": False},
                ],
            },
            {
                "feature": {"id": 8, "name": "switch", **standard},
                **off,
                "hidden": False,
                "candidates": [off | {"applies": True, "decides": True}],
            },
            {
                "feature": {"id": 9, "name": "size", "type": "MULTIVARIATE"},
                **size,
                "hidden": False,
                "candidates": [size | {"applies": True, "decides": True}],
            },
        ],
    }


def test_the_explanation_agrees_with_the_flags(serve: Serve) -> None:
    client = serve(shop())
    chance = random.Random(5)

    for number in range(50):
        identifier = chance.choice(["ann", f"user-{number}"])
        traits = {"plan": chance.choice(["pro", "free"]), "age": chance.choice([3, 4, 20])}
        given = [{"trait_key": key, "trait_value": value} for key, value in traits.items()]
        flags = client.post(ONE, {"identifier": identifier, "traits": given, "transient": True}, SERVER_KEY).json()
        explained = explain(client, identifier, **traits)
        keys = ("enabled", "feature_state_value", "variant")
        assert [[flag[key] for key in keys] for flag in explained["flags"]] == [
            [flag[key] for key in keys] for flag in flags["flags"]
        ]


def test_stored_traits_count_and_nothing_is_written(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    client.post(ONE, {"identifier": "kim", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}, SERVER_KEY)

    answer = explain(client, "kim", age=20)

    assert answer["traits"] == [
        {"trait_key": "plan", "trait_value": "pro", "transient": False},
        {"trait_key": "age", "trait_value": 20, "transient": True},
    ]
    assert [segment["matched"] for segment in answer["segments"]] == [True, False, True]
    stored = stores.identities.find(3, "kim")
    assert stored
    assert stored.trait_values() == {"plan": "pro"}
    explain(client, "nobody", age=20)
    assert stores.identities.find(3, "nobody") is None


def test_an_own_override_comes_first(serve: Serve) -> None:
    client = serve(shop())

    banner = explain(client, "ann", plan="pro")["flags"][0]

    assert (banner["feature_state_value"], banner["source"]) == ("hello ann", "identity_override")
    assert [
        [candidate["source"], candidate["applies"], candidate["decides"]] for candidate in banner["candidates"]
    ] == [
        ["identity_override", True, True],
        ["segment_override", False, False],
        ["segment_override", True, False],
        ["default", True, False],
    ]


def test_a_hidden_flag_is_shown_and_marked(serve: Serve) -> None:
    client = serve(shop(project={"hide_disabled_flags": True}))

    assert [flag["hidden"] for flag in explain(client, "kim")["flags"]] == [False, True, False]


def test_an_identity_without_a_name_is_explained(serve: Serve) -> None:
    client = serve(shop())

    answer = explain(client, None, plan="pro")

    known = client.post(ONE, {"traits": [{"trait_key": "plan", "trait_value": "pro"}]}, SERVER_KEY).json()
    assert answer["identifier"] == known["identifier"]


def test_a_number_too_large_for_json_is_shown_as_text(serve: Serve) -> None:
    client = serve(shop())

    answer = explain(client, "kim", age="9" * 400 + ".5")

    assert answer["segments"][2]["deciding_condition"]["actual"] == "inf"


def test_client_keys_get_no_explanation(serve: Serve) -> None:
    client = serve(shop())

    assert client.post(PATH, {"identifier": "kim"}, CLIENT_KEY).status == 403
    assert client.post(PATH, {"identifier": "kim"}).status == 403
