from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, multivariate, override, segment, snapshot, state
from vexil.wire.snapshot import Allocation, Option

PATH = "/api/v1/flags/"


def flag(number: int, feature_id: int, name: str, value: object, **changes: object) -> dict[str, object]:
    """A flag object of a standard feature as the answer shows it."""
    return {
        "id": number,
        "feature": {
            "id": feature_id,
            "name": name,
            "created_date": "2024-05-01T10:00:00.000001Z",
            "description": None,
            "initial_value": None,
            "default_enabled": False,
            "type": "STANDARD",
        },
        "feature_state_value": value,
        "environment": 3,
        "identity": None,
        "feature_segment": None,
        "enabled": True,
        **changes,
    }


def test_defaults_are_listed_in_order_of_their_states(serve: Serve) -> None:
    client = serve(
        snapshot(
            features=[feature(7, "banner"), feature(8, "limit")],
            defaults=[state(11, 8, 42), state(12, 7, "grün", enabled=False)],
        )
    )

    answer = client.get(PATH, CLIENT_KEY)

    assert answer.status == 200
    assert answer.json() == [flag(11, 8, "limit", 42), flag(12, 7, "banner", "grün", enabled=False)]
    assert b'"gr\\u00fcn"' in answer.body
    assert answer.headers["x-flagsmith-document-updated-at"] == "1717243200.25"
    assert answer.headers["vary"] == "X_ENVIRONMENT_KEY, Origin"
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_keys_stand_in_the_order_that_the_contract_lists(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7)]))

    (shown,) = client.get(PATH, CLIENT_KEY).json()

    assert list(shown) == list(flag(11, 7, "a", None))
    assert list(shown["feature"]) == list(flag(11, 7, "a", None)["feature"])  # type: ignore[call-overload]


def test_segment_overrides_and_variants_are_no_part_of_the_defaults(serve: Serve) -> None:
    mv = multivariate(8, "mv", Option(4, "one", "1"))
    client = serve(
        snapshot(
            features=[feature(7, "a"), mv],
            defaults=[state(11, 7, "x"), state(12, 8, "control", allocations=[Allocation(1, "u", 4, 100.0)])],
            segments=[segment(40, override(13, 7, "y", link=5, priority=0))],
        )
    )

    assert [shown["feature_state_value"] for shown in client.get(PATH, CLIENT_KEY).json()] == ["x", "control"]


def test_server_only_features_are_shown_to_server_keys_alone(serve: Serve) -> None:
    client = serve(
        snapshot(
            features=[feature(7, "open"), feature(8, "secret", is_server_key_only=True)],
            defaults=[state(11, 7), state(12, 8)],
        )
    )

    by_client = [shown["feature"]["name"] for shown in client.get(PATH, CLIENT_KEY).json()]
    by_server = [shown["feature"]["name"] for shown in client.get(PATH, SERVER_KEY).json()]

    assert (by_client, by_server) == (["open"], ["open", "secret"])
    assert client.get(f"{PATH}?feature=secret", CLIENT_KEY).status == 404
    assert client.get(f"{PATH}?feature=secret", SERVER_KEY).status == 200


def test_disabled_flags_are_hidden_where_the_environment_or_else_the_project_says_so(serve: Serve) -> None:
    parts = {"features": [feature(7, "on"), feature(8, "off")], "defaults": [state(11, 7), state(12, 8, enabled=False)]}
    cases = {
        (True, None): ["on"],
        (True, False): ["on", "off"],
        (False, True): ["on"],
        (False, None): ["on", "off"],
    }

    for version, ((project, environment), names) in enumerate(cases.items(), start=1):
        client = serve(
            snapshot(
                version=version,
                project={"hide_disabled_flags": project},
                environment={"hide_disabled_flags": environment},
                **parts,
            )
        )
        assert [shown["feature"]["name"] for shown in client.get(PATH, SERVER_KEY).json()] == names


def test_hidden_disabled_flags_do_not_uncover_server_only_ones(serve: Serve) -> None:
    client = serve(
        snapshot(
            project={"hide_disabled_flags": True},
            features=[feature(7, "on"), feature(8, "secret", is_server_key_only=True)],
            defaults=[state(11, 7), state(12, 8)],
        )
    )

    assert [shown["feature"]["name"] for shown in client.get(PATH, CLIENT_KEY).json()] == ["on"]


def test_sensitive_data_becomes_null(serve: Serve) -> None:
    client = serve(
        snapshot(
            environment={"hide_sensitive_data": True},
            features=[feature(7, "a", description="d", initial_value="i", default_enabled=True)],
            defaults=[state(11, 7, "x")],
        )
    )

    (shown,) = client.get(PATH, CLIENT_KEY).json()

    hidden = flag(11, 7, "a", "x", id=None, environment=None)
    hidden["feature"] = {
        "id": 7,
        "name": "a",
        "created_date": None,
        "description": None,
        "initial_value": None,
        "default_enabled": None,
        "type": "STANDARD",
    }
    assert shown == hidden


def test_one_feature_is_found_whatever_its_case(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "Banner")], defaults=[state(11, 7, "x")]))

    answer = client.get(f"{PATH}?feature=bANNER", CLIENT_KEY)

    assert answer.json() == flag(11, 7, "Banner", "x")
    assert "x-flagsmith-document-updated-at" not in answer.headers


def test_an_empty_feature_name_answers_the_first_flag(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "a"), feature(8, "b")], defaults=[state(11, 7), state(12, 8)]))

    assert client.get(f"{PATH}?feature=", CLIENT_KEY).json()["feature"]["name"] == "a"


def test_an_unknown_feature_is_not_found(serve: Serve) -> None:
    client = serve(snapshot())

    answer = client.get(f"{PATH}?feature=nope", CLIENT_KEY)

    assert (answer.status, answer.json()) == (404, {"detail": "Given feature not found"})
    assert answer.headers["vary"] == "X_ENVIRONMENT_KEY, Origin"


def test_an_environment_without_features_answers_an_empty_list(serve: Serve) -> None:
    answer = serve(snapshot()).get(PATH, CLIENT_KEY)

    assert (answer.status, answer.body) == (200, b"[]")


def test_archived_features_are_still_listed(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "old", is_archived=True)], defaults=[state(11, 7)]))

    assert [shown["feature"]["name"] for shown in client.get(PATH, CLIENT_KEY).json()] == ["old"]
