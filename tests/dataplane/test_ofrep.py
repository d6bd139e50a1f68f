"""OpenFeature's remote protocol: typed values, the reason of each, and its errors."""

import json
from typing import Any

import pytest

from tests.dataplane.client import Answer, Client
from tests.dataplane.conftest import Serve, publish
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
from vexil.wire.snapshot import Allocation, FlagValue, Option, Snapshot

PATH = "/ofrep/v1/evaluate/flags"


def shares(number: int, *percentages: float) -> list[Allocation]:
    return [
        Allocation(id=number * 10 + index, uuid=f"{number}-{index}", option_id=number * 10 + index, percentage=share)
        for index, share in enumerate(percentages)
    ]


def shop(version: int = 1, *, value: FlagValue = "hello", **parts: Any) -> Snapshot:
    options = [Option(id=130, key="big", value=12), Option(id=131, key=None, value=14)]
    return snapshot(
        version=version,
        features=[
            feature(7, "banner"),
            feature(8, "switch"),
            feature(9, "closed"),
            multivariate(13, "size", *options),
            feature(14, "secret", is_server_key_only=True),
        ],
        defaults=[
            state(11, 7, value),
            state(12, 8),
            state(15, 9, "shut", enabled=False),
            state(16, 13, 10, allocations=shares(13, 50, 50)),
            state(17, 14, "s"),
        ],
        segments=[segment(40, override(18, 7, "hello pro", link=5, priority=1))],
        identity_overrides=[identity(50, "ann", state(19, 7, "hello ann"))],
        **parts,
    )


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def evaluate(client: Client, name: str, context: Any = None, key: str | None = CLIENT_KEY) -> Answer:
    return client.post(f"{PATH}/{name}", {"context": {"targetingKey": "kim"} if context is None else context}, key)


def shown(answer: Answer) -> list[Any]:
    flag = answer.json()
    return [answer.status, flag.get("value", "absent"), flag["reason"], flag["variant"]]


def test_a_flag_is_given_with_its_reason_and_metadata(serve: Serve) -> None:
    client = serve(shop())

    answer = evaluate(client, "banner")

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "key": "banner",
        "reason": "DEFAULT",
        "variant": "default",
        "value": "hello",
        "metadata": {"enabled": True, "featureId": 7, "value": "hello"},
    }


def test_each_source_of_a_value_has_its_reason(serve: Serve) -> None:
    client = serve(shop())

    assert shown(evaluate(client, "banner", {"targetingKey": "kim"})) == [200, "hello", "DEFAULT", "default"]
    assert shown(evaluate(client, "banner", {"targetingKey": "kim", "plan": "pro"})) == [
        200,
        "hello pro",
        "TARGETING_MATCH",
        "segment-40",
    ]
    assert shown(evaluate(client, "banner", {"targetingKey": "ann", "plan": "pro"})) == [
        200,
        "hello ann",
        "TARGETING_MATCH",
        "identity",
    ]
    assert shown(evaluate(client, "switch")) == [200, True, "STATIC", "default"]
    assert shown(evaluate(client, "closed")) == [200, "absent", "DISABLED", "default"]


def test_variants_are_split_like_those_of_the_flags_api(serve: Serve) -> None:
    client = serve(shop())

    for number in range(20):
        flags = client.post("/api/v1/identities/", {"identifier": f"user-{number}", "transient": True}, CLIENT_KEY)
        wanted = next(flag for flag in flags.json()["flags"] if flag["feature"]["name"] == "size")
        got = shown(evaluate(client, "size", {"targetingKey": f"user-{number}"}))
        assert got == [200, wanted["feature_state_value"], "SPLIT", wanted["variant"] or "option-131"]


def test_without_a_targeting_key_only_what_is_split_fails(serve: Serve) -> None:
    client = serve(shop())

    one = evaluate(client, "size", {"plan": "pro"})
    everything = client.post(PATH, {"context": {"plan": "pro"}}, CLIENT_KEY)

    assert (one.status, one.json()["key"], one.json()["errorCode"]) == (400, "size", "TARGETING_KEY_MISSING")
    assert {flag["key"]: flag.get("value", flag.get("errorCode")) for flag in everything.json()["flags"]} == {
        "banner": "hello pro",
        "switch": True,
        "closed": None,
        "size": "TARGETING_KEY_MISSING",
    }


@pytest.mark.parametrize(
    ("stored", "offered"),
    [
        ("text", "text"),
        ("", ""),
        (5, 5),
        (True, True),
        ("5", "5"),
        ("1.5", 1.5),
        ("-2.0", -2.0),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("01.5", "01.5"),
        ("1.5.0", "1.5.0"),
        ("NaN", "NaN"),
        ('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        ('{"a": NaN}', '{"a": NaN}'),
        ("{broken", "{broken"),
        ("[1, 2]", "[1, 2]"),
        ("true", "true"),
        ('{"a":' * 5000, '{"a":' * 5000),
        (nested(99), json.loads(nested(99))),
        (nested(100), nested(100)),
        (nested(980), nested(980)),
        ('{"a": 1e999}', '{"a": 1e999}'),
    ],
)
def test_values_have_the_type_that_they_stand_for(serve: Serve, stored: FlagValue, offered: Any) -> None:
    client = serve(shop(value=stored))

    got = evaluate(client, "banner").json()["value"]

    assert (got, type(got)) == (offered, type(offered))


@pytest.mark.parametrize("name", ["nosuch", "no/such", "no\nsuch"])
def test_an_unknown_flag_is_not_found(serve: Serve, name: str) -> None:
    answer = evaluate(serve(shop()), name)

    assert (answer.status, answer.json()["key"], answer.json()["errorCode"]) == (404, name, "FLAG_NOT_FOUND")


def test_a_key_in_the_path_is_decoded(serve: Serve) -> None:
    client = serve(snapshot(features=[feature(7, "grün & gut")], defaults=[state(11, 7, "yes")]))

    answer = evaluate(client, "gr%C3%BCn%20%26%20gut")

    assert (answer.status, answer.json()["key"], answer.json()["value"]) == (200, "grün & gut", "yes")


def test_a_client_key_does_not_see_what_is_for_servers(serve: Serve) -> None:
    client = serve(shop())

    assert evaluate(client, "secret").status == 404
    assert shown(evaluate(client, "secret", key=SERVER_KEY)) == [200, "s", "STATIC", "default"]


def test_hidden_flags_are_not_found(serve: Serve) -> None:
    client = serve(shop(project={"hide_disabled_flags": True}))

    assert evaluate(client, "closed").status == 404
    assert "closed" not in [flag["key"] for flag in client.post(PATH, {}, CLIENT_KEY).json()["flags"]]


def refusal(body: bytes, code: str) -> Any:
    return pytest.param(body, code, id=body[:30].decode())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        refusal(b"{", "PARSE_ERROR"),
        refusal(b"[]", "PARSE_ERROR"),
        refusal(b"null", "PARSE_ERROR"),
        refusal(b'{"context": 5}', "INVALID_CONTEXT"),
        refusal(b'{"context": {"targetingKey": 5}}', "INVALID_CONTEXT"),
        refusal(b'{"context": {"targetingKey": "' + b"x" * 2001 + b'"}}', "INVALID_CONTEXT"),
        refusal(b'{"context": {"plan": "' + b"x" * 2001 + b'"}}', "INVALID_CONTEXT"),
        refusal(b'{"context": {"": 1}}', "INVALID_CONTEXT"),
        refusal(b'{"context": {"plan": "\\u0000"}}', "INVALID_CONTEXT"),
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/banner"])
def test_a_body_that_cannot_be_used_is_refused_in_the_words_of_the_protocol(
    serve: Serve, path: str, body: bytes, code: str
) -> None:
    answer = serve(shop()).post(path, body, CLIENT_KEY)

    wanted = {"errorCode": code} | ({} if path == PATH else {"key": "banner"})
    assert answer.status == 400
    assert {name: value for name, value in answer.json().items() if name != "errorDetails"} == wanted
    assert answer.json()["errorDetails"]


def test_an_empty_request_is_evaluated(serve: Serve) -> None:
    client = serve(shop())

    assert client.request("POST", f"{PATH}/banner", key=CLIENT_KEY).json()["value"] == "hello"
    assert client.request("POST", PATH, key=CLIENT_KEY).status == 200


def test_the_key_may_come_as_a_bearer_token(serve: Serve) -> None:
    client = serve(shop())

    def status(authorization: str) -> int:
        headers: dict[str, str | None] = {"authorization": authorization}
        return client.request("POST", PATH, body={}, headers=headers).status

    assert status(f"Bearer {CLIENT_KEY}") == 200
    assert status(f"bearer {SERVER_KEY}") == 200
    assert status("Bearer nosuchkey") == 401
    assert status(f"Basic {CLIENT_KEY}") == 403
    assert client.post(PATH, {}).status == 403
    assert client.request("GET", "/api/v1/flags/", headers={"authorization": f"Bearer {CLIENT_KEY}"}).status == 403


def test_an_unchanged_answer_is_not_sent_again(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    body = {"context": {"targetingKey": "kim"}}
    etag = client.post(PATH, body, CLIENT_KEY).headers["etag"]

    def status(condition: str, body: Any = body) -> int:
        return client.request("POST", PATH, key=CLIENT_KEY, body=body, headers={"if-none-match": condition}).status

    conditions = (etag, f'"other", {etag}', etag.removeprefix("W/"), "*", '"other"')
    assert [status(condition) for condition in conditions] == [304, 304, 304, 304, 200]
    assert status(etag, {"context": {"targetingKey": "kim", "plan": "pro"}}) == 200
    publish(stores, shop(2, value="new"))
    client.run(client.data_plane.catch_up())
    assert status(etag) == 200


def test_scripts_of_pages_may_ask_by_etag(serve: Serve) -> None:
    client = serve(shop())
    page: dict[str, str | None] = {"origin": "https://app.example.com"}

    asked = client.request("OPTIONS", PATH, headers=page | {"access-control-request-method": "POST"})
    told = client.request("POST", PATH, key=CLIENT_KEY, body={}, headers=dict(page))
    elsewhere = client.request("OPTIONS", "/api/v1/flags/", headers=page | {"access-control-request-method": "GET"})

    assert asked.headers["access-control-allow-headers"].endswith(", if-none-match")
    assert told.headers["access-control-expose-headers"].endswith(", ETag")
    assert "if-none-match" not in elsewhere.headers["access-control-allow-headers"]


def test_nothing_is_stored(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    evaluate(client, "banner", {"targetingKey": "kim", "plan": "pro"})
    client.post(PATH, {"context": {"targetingKey": "kim", "plan": "pro"}}, CLIENT_KEY)

    assert stores.identities.find(3, "kim") is None


def test_traits_of_clients_are_dropped_where_they_may_not_set_any(serve: Serve) -> None:
    client = serve(shop(environment={"allow_client_traits": False}))
    context = {"targetingKey": "kim", "plan": "pro"}

    assert shown(evaluate(client, "banner", context))[1] == "hello"
    assert shown(evaluate(client, "banner", context, key=SERVER_KEY))[1] == "hello pro"


def test_an_attribute_that_is_null_counts_as_absent(serve: Serve) -> None:
    client = serve(shop())

    assert shown(evaluate(client, "banner", {"targetingKey": "kim", "plan": None}))[1] == "hello"
