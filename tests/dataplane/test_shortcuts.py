"""A shortcut answers as the whole way does, or not at all."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dataplane.client import Client, Scope, Stream, by_shortcut
from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, override, segment, snapshot, state
from tests.dataplane.test_environments import eventually
from vexil.dataplane.rsgi import Finished
from vexil.stores.opening import Stores

FLAGS, IDENTITIES, DOCUMENT = "/api/v1/flags/", "/api/v1/identities/", "/api/v1/environment-document/"
ANALYTICS = "/api/v1/analytics/flags/"
TRANSIENT = {"identifier": "bob", "transient": True, "traits": [{"trait_key": "plan", "trait_value": "pro"}]}
STORED = {"identifier": "ann", "traits": [{"trait_key": "plan", "trait_value": "pro"}]}
NOBODY = {"identifier": "", "traits": [{"trait_key": "plan", "trait_value": "free"}]}


def shop(version: int = 1, value: str = "all", **parts: Any) -> Any:
    return snapshot(
        version=version,
        features=[feature(7, "banner"), feature(8, "secret", is_server_key_only=True)],
        defaults=[state(11, 7, value), state(12, 8, "s")],
        segments=[segment(40, override(13, 7, "pro", link=5, priority=1))],
        **parts,
    )


def scope(method: str, target: str, key: str | None = CLIENT_KEY, **headers: str) -> Scope:
    path, _, query = target.partition("?")
    sent = {"host": "localhost"} | ({"x-environment-key": key} if key else {})
    if method == "POST":
        sent |= {"content-type": "application/json", "content-length": "60"}
    return Scope(method, path, query, sent | {name.replace("_", "-"): value for name, value in headers.items()})


def whole_way(client: Client, asked: Scope, body: bytes) -> tuple[int, dict[str, str], bytes]:
    stream = Stream(body)
    client.run(client.data_plane(asked, stream))
    assert stream.answer is not None
    return stream.answer.status, stream.answer.headers, stream.answer.body


def shortcut(client: Client, asked: Scope, body: bytes = b"") -> Finished | None:
    client.get(FLAGS, CLIENT_KEY)  # So that the environment is in memory.
    found = client.data_plane.shortcut(asked)
    return client.run(by_shortcut(found, asked, body)) if found else None


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (scope("GET", FLAGS), None),
        (scope("GET", FLAGS, SERVER_KEY, origin="http://shop.example", authorization="Bearer x"), None),
        (scope("GET", FLAGS, accept="application/json", if_none_match="*"), None),
        (scope("GET", DOCUMENT, SERVER_KEY), None),
        (scope("GET", DOCUMENT, SERVER_KEY, if_modified_since="Sat, 01 Jun 2024 12:00:00 GMT"), None),
        (scope("POST", IDENTITIES), TRANSIENT),
        (scope("POST", IDENTITIES, SERVER_KEY, origin="http://shop.example"), TRANSIENT),
        (scope("POST", IDENTITIES), NOBODY),
        (scope("POST", IDENTITIES), STORED),
        (scope("POST", IDENTITIES), {"identifier": "bob", "traits": [{"trait_key": "plan"}]}),
        (scope("POST", IDENTITIES, accept="application/problem+json"), []),
        (scope("POST", IDENTITIES, content_type="text/plain"), STORED),
        (scope("GET", f"{FLAGS}?feature=Banner"), None),
        (scope("GET", f"{FLAGS}?feature="), None),
        (scope("GET", f"{FLAGS}?page=1", if_none_match="*"), None),
        (scope("GET", f"{DOCUMENT}?page_size=1", SERVER_KEY), None),
        (scope("GET", IDENTITIES), None),
        (scope("GET", f"{IDENTITIES}?identifier=ann"), None),
        (scope("GET", f"{IDENTITIES}?identifier=ann%20b&transient=1", SERVER_KEY), None),
        (scope("GET", f"{IDENTITIES}?identifier=ann&feature=banner"), None),
        (scope("GET", f"{IDENTITIES}?identifier=ann&feature=nope"), None),
        (scope("GET", f"{IDENTITIES}?identifier={'x' * 2001}"), None),
        (scope("POST", ANALYTICS), {"banner": 2, "nope": 1, "secret": "x"}),
    ],
)
def test_an_answer_is_the_same_on_both_ways(serve: Serve, asked: Scope, body: Any) -> None:
    client = serve(shop())
    content = b"" if body is None else json.dumps(body).encode()

    whole_way(client, asked, content)  # What it stores is there from now on.
    for _ in range(3):  # The third answer of an identity is a prepared one.
        expected = whole_way(client, asked, content)
        taken = shortcut(client, asked, content)

        assert taken is not None
        status, headers, answer = taken
        assert (status, {name.lower(): value for name, value in headers}, answer) == expected
        assert len({name for name, _ in headers}) == len(headers)


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (scope("GET", FLAGS, host="elsewhere.example"), b""),
        (scope("GET", FLAGS, accept="text/html"), b""),
        (scope("GET", FLAGS, None), b""),
        (scope("GET", FLAGS, "unknown"), b""),
        (scope("GET", f"{FLAGS}?feature=nope"), b""),
        (scope("HEAD", FLAGS), b""),
        (scope("PUT", FLAGS), b""),
        (scope("GET", "/api/v1/flags"), b""),
        (scope("GET", DOCUMENT), b""),
        (scope("POST", ANALYTICS), b"[]"),
        (scope("POST", ANALYTICS), b'{"banner": '),
        (scope("POST", ANALYTICS), b""),
        (scope("POST", ANALYTICS, content_type="text/plain"), b"{}"),
        (scope("POST", ANALYTICS, content_length="99999999"), b"{}"),
    ],
)
def test_what_is_unusual_is_left_to_the_whole_way(serve: Serve, asked: Scope, body: bytes) -> None:
    client = serve(shop(), allowed_hosts=("localhost",))

    assert shortcut(client, asked, body) is None


def test_what_is_to_be_compressed_is_left_to_the_whole_way(serve: Serve) -> None:
    client = serve(shop(), enable_gzip_compression=True)

    assert shortcut(client, scope("GET", FLAGS, accept_encoding="gzip")) is None
    assert shortcut(client, scope("GET", FLAGS)) is not None


def at_once(answer: object) -> Finished:
    assert isinstance(answer, tuple)
    return answer


def test_a_shortcut_sees_each_change(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    client.get(FLAGS, CLIENT_KEY)
    taken = client.data_plane.shortcut(scope("GET", FLAGS))
    assert taken is not None

    before = taken(b"")
    publish(stores, shop(2, "new"))
    eventually(lambda: b"new" in at_once(taken(b""))[2])
    publish(stores, shop(3, organisation={"stop_serving_flags": True}))
    eventually(lambda: taken(b"") is None)
    stores.snapshots.forget(3, 4)
    eventually(lambda: client.data_plane._environments.find(CLIENT_KEY) is None)

    assert b"all" in at_once(before)[2]
    assert taken(b"") is None


def test_requests_on_shortcuts_are_counted_with_their_labels(serve: Serve, stores: Stores) -> None:
    client = serve(shop())
    agent = {"user_agent": "flagsmith-js-sdk/9.1.0", "flagsmith_application_name": "shop"}
    flags, reported = scope("GET", FLAGS, **agent), scope("POST", ANALYTICS, **agent)

    shortcut(client, flags)
    shortcut(client, flags)
    shortcut(client, reported, b'{"banner": 3}')
    shortcut(client, reported, b'{"banner": 4, "nope": 9}')
    shortcut(client, scope("POST", IDENTITIES, **agent), json.dumps(STORED).encode())
    shortcut(client, scope("POST", IDENTITIES, **agent), b"[]")
    client.close()

    now = datetime.now(UTC)
    period = [3], now - timedelta(hours=2), now + timedelta(hours=1)
    requests = {(key.resource, key.sdk, key.application): n for key, n in stores.usage.totals(*period).items()}
    evaluated = {(key.feature_name, key.enabled, key.sdk): n for key, n in stores.evaluations.totals(*period).items()}
    assert requests == {
        ("flags", "", ""): 6,
        ("flags", "flagsmith-js-sdk/9.1.0", "shop"): 2,
        ("identities", "flagsmith-js-sdk/9.1.0", "shop"): 2,
    }
    assert evaluated == {("banner", None, "flagsmith-js-sdk/9.1.0"): 7}


def test_a_prepared_answer_of_a_stored_identity_is_given_only_while_its_row_is_the_same(
    serve: Serve, stores: Stores
) -> None:
    client = serve(shop())
    asked, content = scope("POST", IDENTITIES), json.dumps(STORED).encode()
    whole_way(client, asked, content)
    expected = [whole_way(client, asked, content) for _ in range(3)][-1]

    taken = shortcut(client, asked, content)
    identity = stores.identities.find(3, "ann")
    assert identity is not None
    stores.identities.set_traits(3, identity.id, {"plan": "free"})

    changed = shortcut(client, asked, content)
    saved = stores.identities.find(3, "ann")

    assert taken is not None
    assert taken[2] == expected[2]
    assert changed is not None
    assert b'"trait_value":"pro"' in changed[2]
    assert saved is not None
    assert saved.trait_values() == {"plan": "pro"}
