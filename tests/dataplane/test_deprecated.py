from typing import Any

import pytest

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
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Allocation, Option, Snapshot


def shop() -> Snapshot:
    options = (Option(id=2, key="b", value="blue"), Option(id=1, key=None, value=5), Option(id=3, key="a", value="red"))
    return snapshot(
        features=[
            feature(1, "Banner"),
            feature(2, "secret", is_server_key_only=True),
            multivariate(3, "colour", *options),
        ],
        defaults=[
            state(11, 1, 'of ,"variant":all'),
            state(12, 2, "hush"),
            state(13, 3, "grey", allocations=[Allocation(id=1, uuid="u", option_id=2, percentage=100)]),
        ],
        segments=[
            segment(21, override(31, 1, "for pros", link=41, priority=0)),
            segment(22),
            segment(23, value="free"),
        ],
        identity_overrides=[identity(1, "vip", state(51, 1, "for you"))],
    )


def values(flags: list[dict[str, Any]]) -> dict[str, Any]:
    return {flag["feature"]["name"]: flag["feature_state_value"] for flag in flags}


def test_flags_of_an_identifier_are_those_of_its_identity_without_variants(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    new = client.get("/api/v1/flags/a@b", CLIENT_KEY)
    vip = client.get("/api/v1/flags/vip", SERVER_KEY)

    assert (new.status, values(new.json())) == (200, {"Banner": 'of ,"variant":all', "colour": "blue"})
    assert values(vip.json()) == {"Banner": "for you", "secret": "hush", "colour": "blue"}
    assert {key for flag in vip.json() for key in flag} == {
        "id", "feature", "feature_state_value", "environment", "identity", "feature_segment", "enabled",
    }  # fmt: skip
    assert stores.identities.find(3, "a@b") is not None
    assert (new.headers["vary"], new.headers["allow"]) == ("X_ENVIRONMENT_KEY, Origin", "GET, HEAD, OPTIONS")
    assert "x-flagsmith-document-updated-at" not in new.headers


def test_one_flag_of_an_identifier_is_found_in_any_case(serve: Serve) -> None:
    client = serve(shop())

    found = client.get("/api/v1/flags/ann?feature=bANNER", CLIENT_KEY)
    hidden = client.get("/api/v1/flags/ann?feature=secret", CLIENT_KEY)

    assert (found.status, found.json()["feature"]["name"]) == (200, "Banner")
    assert (hidden.status, hidden.json()) == (404, {"detail": "Given feature not found"})


def test_identity_is_shown_with_all_segments_it_is_in(serve: Serve) -> None:
    client = serve(shop())
    client.post("/api/v1/identities/ann/traits/plan", {"trait_value": "pro"}, CLIENT_KEY)

    answer = client.get("/api/v1/identities/ann/", CLIENT_KEY)

    assert answer.status == 200
    assert values(answer.json()["flags"]) == {"Banner": "for pros", "colour": "blue"}
    assert answer.json()["traits"] == [{"id": 1, "trait_key": "plan", "trait_value": "pro", "transient": False}]
    assert answer.json()["segments"] == [
        {"id": 21, "name": "segment 21", "description": None},
        {"id": 22, "name": "segment 22", "description": None},
    ]
    assert answer.headers["vary"] == "Accept, Origin"


def test_single_trait_is_set_by_path(serve: Serve) -> None:
    client = serve(shop())

    first = client.post("/api/v1/identities/ann/traits/plan", {"trait_value": "pro"}, CLIENT_KEY)
    second = client.post("/api/v1/identities/ann/traits/age", {"trait_value": 7}, CLIENT_KEY)

    assert (first.status, first.json()) == (
        200,
        {"id": 1, "trait_key": "plan", "trait_value": "pro", "transient": False},
    )
    assert second.json() == {"id": 2, "trait_key": "age", "trait_value": 7, "transient": False}


@pytest.mark.parametrize("body", [{}, {"trait_value": None}, []])
def test_single_trait_needs_a_value(serve: Serve, body: Any) -> None:
    client = serve(shop())

    answer = client.post("/api/v1/identities/ann/traits/plan", body, CLIENT_KEY)

    assert (answer.status, answer.json()) == (400, {"detail": "Trait value not provided"})


def test_options_of_a_feature_come_by_key(serve: Serve) -> None:
    client = serve(shop())

    colour = client.get("/api/v1/flags/3/multivariate-options/", CLIENT_KEY)
    standard = client.get("/api/v1/flags/1/multivariate-options/", CLIENT_KEY)

    assert colour.json() == {"control_value": "grey", "options": [{"value": "red"}, {"value": "blue"}, {"value": 5}]}
    assert standard.json() == {"control_value": None, "options": []}
    assert colour.headers["allow"] == "OPTIONS, GET"


@pytest.mark.parametrize(("feature_id", "key"), [(2, CLIENT_KEY), (99, SERVER_KEY), (10**17, SERVER_KEY)])
def test_options_of_a_feature_that_the_key_does_not_see_are_not_found(serve: Serve, feature_id: int, key: str) -> None:
    client = serve(shop())

    answer = client.get(f"/api/v1/flags/{feature_id}/multivariate-options/", key)

    assert (answer.status, answer.json()) == (404, {"detail": "No Feature matches the given query."})


@pytest.mark.parametrize("path", ["/api/v1/flags/a b", "/api/v1/flags/a/b", "/api/v1/flags/ann/", "/api/v1/flagsx"])
def test_other_paths_below_flags_are_unknown(serve: Serve, path: str) -> None:
    client = serve(shop())

    assert client.get(path, CLIENT_KEY).status == 404


def test_unslashed_paths_are_sent_to_the_slash(serve: Serve) -> None:
    client = serve(shop())

    answers = [client.get(path, CLIENT_KEY) for path in ("/api/v1/identities/ann", "/api/v1/flags", "/api/v1/traits")]

    assert [(answer.status, answer.headers.get("location")) for answer in answers] == [
        (301, "/api/v1/identities/ann/"),
        (301, "/api/v1/flags/"),
        (301, "/api/v1/traits/"),
    ]


def test_names_in_paths_are_decoded(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    client.get("/api/v1/flags/ann%40example.com", CLIENT_KEY)
    client.get("/api/v1/identities/J%C3%BCrgen/", CLIENT_KEY)
    trait = client.post("/api/v1/identities/bob/traits/first%20name", {"trait_value": "Bob"}, CLIENT_KEY)

    assert stores.identities.find(3, "ann@example.com") is not None
    assert stores.identities.find(3, "Jürgen") is not None
    assert trait.json()["trait_key"] == "first name"
    assert client.get("/api/v1/fl%61gs/", CLIENT_KEY).status == 200
    assert client.get("/api/v1/identities/a%20b/", CLIENT_KEY).status == 404
    assert client.get("/api/v1/identities/a%2Fb/", CLIENT_KEY).status == 404
    assert client.get("/api/v1/identities/ann%40x", CLIENT_KEY).headers["location"] == "/api/v1/identities/ann%40x/"
