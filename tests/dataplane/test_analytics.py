from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, feature, snapshot
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Snapshot

HEARTBEAT = {
    "organisations": 1, "projects": 2, "environments": 3, "features": 4, "segments": 5, "users": 6,
    "debug_enabled": False, "env": "test",
}  # fmt: skip


def shop() -> Snapshot:
    return snapshot(features=[feature(1, "alpha"), feature(2, "beta")])


def evaluated(stores: Stores) -> dict[tuple[str, bool | None, str], int]:
    now = datetime.now(UTC)
    totals = stores.evaluations.totals([3], now - timedelta(hours=2), now + timedelta(hours=1))
    return {(key.feature_name, key.enabled, key.sdk): number for key, number in totals.items()}


def test_flat_counts_are_added_up_and_what_is_no_count_is_skipped(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    odd = {"alpha": 3, "beta": "3", "nope": 1, "Alpha": 1}
    agent = {"user-agent": "flagsmith-js-sdk/9.1.0"}

    answers = [
        client.post("/api/v1/analytics/flags/", body, CLIENT_KEY)
        for body in (odd, {"alpha": 1}, {"alpha": -1}, {"alpha": True}, {"alpha": 1.5}, {"alpha": 10**30}, {})
    ]
    client.request("POST", "/api/v1/analytics/flags/", key=CLIENT_KEY, body={"beta": 2}, headers=dict(agent))
    client.close()

    assert {(answer.status, answer.body, answer.headers.get("content-type")) for answer in answers} == {
        (200, b"", None)
    }
    assert evaluated(stores) == {("alpha", None, ""): 4, ("beta", None, "flagsmith-js-sdk/9.1.0"): 2}


@pytest.mark.parametrize("body", [b"[]", b'"alpha"', b"null", b"3"])
def test_flat_counts_are_an_object(serve: Serve, body: bytes) -> None:
    client = serve(shop())

    answer = client.post("/api/v1/analytics/flags/", body, CLIENT_KEY)

    assert (answer.status, answer.json()) == (400, {"non_field_errors": ["Expected a JSON object."]})


def listed(name: str, count: Any, enabled: Any = True, **more: Any) -> dict[str, Any]:
    return {"feature_name": name, "count": count, "enabled_when_evaluated": enabled, **more}


def test_listed_evaluations_are_added_up_by_outcome(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    entries = [
        listed("alpha", 2),
        listed("alpha", "3", False, identity_identifier="ann"),
        listed("nope", 1),
        listed("beta", -2),
        listed("alpha", 1, "true", identity_identifier=None),
    ]

    answers = [client.post("/api/v2/analytics/flags/", {"evaluations": given}, CLIENT_KEY) for given in (entries, [])]
    client.close()

    assert [(answer.status, answer.body) for answer in answers] == [(204, b""), (204, b"")]
    assert evaluated(stores) == {("alpha", True, ""): 3, ("alpha", False, ""): 3}


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, {"evaluations": ["This field is required."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ({"evaluations": {}}, {"evaluations": {"non_field_errors": ['Expected a list of items but got type "dict".']}}),
        (
            {"evaluations": [listed("alpha", 1), {"feature_name": "alpha"}, 5]},
            {
                "evaluations": [
                    {},
                    {"count": ["This field is required."], "enabled_when_evaluated": ["This field is required."]},
                    {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                ]
            },
        ),
        ({"evaluations": [listed("a", "two", None)]}, {"evaluations": [{
            "count": ["A valid integer is required."], "enabled_when_evaluated": ["This field may not be null."],
        }]}),
    ],
)  # fmt: skip
def test_malformed_evaluations_are_refused_in_place(serve: Serve, stores: Stores, body: Any, problems: Any) -> None:
    client = serve(shop())

    answer = client.post("/api/v2/analytics/flags/", body, CLIENT_KEY)
    client.close()

    assert (answer.status, answer.json()) == (400, problems)
    assert evaluated(stores) == {}


def test_analytics_are_no_usage(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    client.post("/api/v1/analytics/flags/", {"alpha": 1}, CLIENT_KEY)
    client.post("/api/v2/analytics/flags/", {"evaluations": []}, CLIENT_KEY)
    client.close()

    now = datetime.now(UTC)
    assert stores.usage.totals([3], now - timedelta(hours=2), now + timedelta(hours=1)) == {}


def test_telemetry_is_echoed_without_a_key(serve: Serve) -> None:
    client = serve(shop())

    answer = client.post("/api/v1/analytics/telemetry/", HEARTBEAT)
    empty = client.post("/api/v1/analytics/telemetry/", {})
    fetched = client.get("/api/v1/analytics/telemetry/")

    assert (answer.status, answer.json(), answer.headers["allow"]) == (201, HEARTBEAT, "POST, OPTIONS")
    assert (empty.status, empty.json()) == (400, {key: ["This field is required."] for key in HEARTBEAT})
    assert fetched.status == 405


def test_first_evaluation_by_a_known_sdk_is_noted_once(serve: Serve, stores: Stores) -> None:
    before = datetime.now(UTC)
    client = serve(shop(), enable_api_usage_tracking=False)
    client.get("/api/v1/flags/", CLIENT_KEY, user_agent="curl/8")
    client.close()
    unknown = stores.evaluations.first(3)

    for agent in ("flagsmith-python-sdk/5.0.0", "flagsmith-js-sdk/9.1.0"):
        client = serve()
        client.get("/api/v1/flags/", CLIENT_KEY, user_agent=agent)
        client.close()

    first = stores.evaluations.first(3)
    assert unknown is None
    assert first is not None
    assert (first.sdk, before <= first.at <= datetime.now(UTC)) == ("flagsmith-python-sdk", True)
