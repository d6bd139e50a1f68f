import pytest

from tests.dataplane.snapshots import (
    CLIENT_KEY,
    CREATED,
    UPDATED,
    feature,
    identity,
    multivariate,
    override,
    snapshot,
    state,
)
from vexil.wire import json_text
from vexil.wire import snapshot as wire
from vexil.wire.document import encoded, environment_document


def segment(number: int, *overrides: wire.State, feature_id: int | None = None) -> wire.Segment:
    condition = wire.Condition(operator="EQUAL", property="plan", value="pro")
    rules = [wire.Rule(type="ALL", rules=[wire.Rule(type="ANY", conditions=[condition])])]
    return wire.Segment(
        id=number, name=f"segment {number}", rules=rules, overrides=list(overrides), feature_id=feature_id
    )


def test_the_document_holds_what_local_evaluation_needs() -> None:
    shares = [wire.Allocation(id=70, uuid="share", option_id=4, percentage=30.0)]
    document = environment_document(
        snapshot(
            organisation={"persist_trait_data": False},
            project={"hide_disabled_flags": True},
            features=[
                multivariate(8, "checkout", wire.Option(4, "one", "onepage")),
                feature(9, "secret", is_server_key_only=True),
            ],
            defaults=[state(60, 8, "classic", seed="55", allocations=shares), state(61, 9, 5, enabled=False)],
            segments=[segment(40, override(91, 9, "vip", link=6, priority=0))],
            identity_overrides=[identity(501, "alice", state(95, 9, None))],
        )
    )

    classic = {
        "feature": {"id": 8, "name": "checkout", "type": "MULTIVARIATE"},
        "enabled": True,
        "django_id": 55,
        "feature_segment": None,
        "featurestate_uuid": "00000000-0000-4000-8000-000000000060",
        "feature_state_value": "classic",
        "multivariate_feature_state_values": [
            {
                "multivariate_feature_option": {"value": "onepage", "id": 4, "key": "one"},
                "percentage_allocation": 30.0,
                "id": 70,
                "mv_fs_value_uuid": "share",
            }
        ],
    }
    secret = {
        "feature": {"id": 9, "name": "secret", "type": "STANDARD"},
        "enabled": False,
        "django_id": 61,
        "feature_segment": None,
        "featurestate_uuid": "00000000-0000-4000-8000-000000000061",
        "feature_state_value": 5,
        "multivariate_feature_state_values": [],
    }
    vip = secret | {
        "enabled": True,
        "django_id": 91,
        "feature_segment": {"priority": 0},
        "featurestate_uuid": "00000000-0000-4000-8000-000000000091",
        "feature_state_value": "vip",
    }
    hers = secret | {
        "enabled": True,
        "django_id": 95,
        "featurestate_uuid": "00000000-0000-4000-8000-000000000095",
        "feature_state_value": None,
    }
    (identity_override,) = document.pop("identity_overrides")
    uuid = identity_override.pop("identity_uuid")
    assert identity_override == {
        "identifier": "alice",
        "environment_api_key": CLIENT_KEY,
        "created_date": CREATED,
        "identity_features": [hers],
        "identity_traits": [],
        "django_id": 501,
        "dashboard_alias": None,
        "composite_key": f"{CLIENT_KEY}_alice",
    }
    assert len(uuid) == 36
    rule = {
        "type": "ALL",
        "conditions": [],
        "rules": [
            {
                "type": "ANY",
                "rules": [],
                "conditions": [{"operator": "EQUAL", "value": "pro", "property_": "plan"}],
            }
        ],
    }
    assert document == {
        "id": 3,
        "api_key": CLIENT_KEY,
        "project": {
            "id": 2,
            "name": "Shop",
            "organisation": {
                "id": 1,
                "name": "Acme",
                "feature_analytics": False,
                "stop_serving_flags": False,
                "persist_trait_data": False,
            },
            "hide_disabled_flags": True,
            "segments": [{"id": 40, "name": "segment 40", "rules": [rule], "feature_states": [vip]}],
            "enable_realtime_updates": False,
            "server_key_only_feature_ids": [9],
        },
        "feature_states": [classic, secret],
        "name": "Production",
        "allow_client_traits": True,
        "updated_at": UPDATED,
        "hide_sensitive_data": False,
        "hide_disabled_flags": None,
        "use_identity_composite_key_for_hashing": True,
        "use_identity_overrides_in_local_eval": True,
    }


def test_an_archived_feature_is_left_out_with_all_its_overrides() -> None:
    document = environment_document(
        snapshot(
            features=[feature(7, "old", is_archived=True), feature(8, "new")],
            defaults=[state(11, 7), state(12, 8)],
            segments=[segment(40, override(13, 7, "x", link=1, priority=0))],
            identity_overrides=[identity(501, "ann", state(14, 7)), identity(502, "bob", state(15, 7), state(16, 8))],
        )
    )

    assert [shown["feature"]["name"] for shown in document["feature_states"]] == ["new"]
    assert [shown["feature_states"] for shown in document["project"]["segments"]] == [[]]
    shown = {
        entry["identifier"]: [one["feature"]["id"] for one in entry["identity_features"]]
        for entry in document["identity_overrides"]
    }
    assert shown == {"bob": [8]}


def test_a_segment_of_one_feature_is_there_only_where_it_overrides_it() -> None:
    document = environment_document(
        snapshot(
            features=[feature(7, "a")],
            defaults=[state(11, 7)],
            segments=[
                segment(40, feature_id=7),
                segment(41, override(13, 7, "x", link=1, priority=0), feature_id=7),
                segment(42),
            ],
        )
    )

    assert [shown["id"] for shown in document["project"]["segments"]] == [41, 42]


def test_identity_overrides_stay_out_where_the_environment_says_so() -> None:
    document = environment_document(
        snapshot(
            environment={"use_identity_overrides_in_local_eval": False},
            features=[feature(7, "a")],
            defaults=[state(11, 7)],
            identity_overrides=[identity(501, "ann", state(14, 7))],
        )
    )

    assert document["identity_overrides"] == []


def test_the_uuid_of_an_identity_is_the_same_in_every_document() -> None:
    source = snapshot(
        features=[feature(7, "a")], defaults=[state(11, 7)], identity_overrides=[identity(501, "ann", state(14, 7))]
    )

    first, second = (environment_document(source)["identity_overrides"][0]["identity_uuid"] for _ in range(2))

    assert first == second


@pytest.mark.parametrize("identities", [0, 1, 3])
def test_the_document_written_in_steps_is_the_document(identities: int) -> None:
    source = snapshot(
        features=[feature(7, 'é "quoted"')],
        defaults=[state(11, 7, "x")],
        segments=[segment(number, state(12 + number, 7)) for number in range(identities)],
        identity_overrides=[identity(501 + n, f"ann-{n}", state(20 + n, 7)) for n in range(identities)],
    )

    assert encoded(source) == json_text.dumps(environment_document(source))
