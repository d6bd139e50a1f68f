"""Whatever is sent is answered, and never with a failure of ours."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dataplane.client import Answer, Client
from tests.dataplane.conftest import publish
from tests.dataplane.snapshots import CLIENT_KEY, feature, snapshot, state
from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.stores.opening import open_stores

ENDPOINTS = [
    ("POST", "/api/v1/identities/"),
    ("POST", "/api/v1/identities/ann/traits/plan"),
    ("POST", "/api/v1/traits/"),
    ("PUT", "/api/v1/traits/bulk/"),
    ("POST", "/api/v1/traits/increment-value/"),
    ("POST", "/api/v1/analytics/flags/"),
    ("POST", "/api/v2/analytics/flags/"),
    ("POST", "/api/v1/analytics/telemetry/"),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One data plane for all examples: only its answers are looked at."""
    data_dir = tmp_path_factory.mktemp("odd")
    opened = open_stores(None, Path(data_dir))
    opened.migrate()
    publish(opened, snapshot(features=[feature(1, "alpha")], defaults=[state(1, 1, "one")]))
    started = Client(DataPlane(Config(data_dir=data_dir), opened, Installation({})))
    yield started
    started.close()
    opened.close()


def is_clear(answer: Answer) -> bool:
    """A success, or a refusal that says why."""
    if answer.status < 300:
        return True
    return 400 <= answer.status < 500 and bool(json.loads(answer.body))


DEEP = b"[" * 100_000 + b"]" * 100_000
ODD_VALUES = {
    "deep": b"[" * 2000 + b"]" * 2000,
    "very deep": DEEP,
    "huge integer": b"9" * 400,
    "integer of 5000 digits": b"9" * 5000,
    "huge exponent": b"1e999",
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "lone surrogate": b'"\\ud800"',
    "null byte": b'"a\\u0000b"',
    "no UTF-8": b'"\xff\xfe"',
    "duplicate keys": b'{"a": 1, "a": 2}',
    "null": b"null",
    "nothing": b"",
}
FORMS = {
    "itself": b"%b",
    "a trait": b'{"identifier": "ann", "traits": [{"trait_key": "k", "trait_value": %b}]}',
    "an identifier": b'{"identifier": %b, "trait_key": "k", "increment_by": 1}',
    "a stored trait": b'{"identity": {"identifier": "ann"}, "trait_key": "k", "trait_value": %b}',
    "a key": b'{"identity": {"identifier": "ann"}, "trait_key": %b, "trait_value": 1}',
    "an owner": b'[{"identity": {"identifier": %b}, "trait_key": "k", "trait_value": 1}]',
    "an increment": b'{"identifier": "ann", "trait_key": "k", "increment_by": %b}',
    "a count": b'{"alpha": %b, "evaluations": [{"feature_name": "alpha", "count": %b, "enabled_when_evaluated": %b}]}',
    "a value alone": b'{"trait_value": %b}',
    "a heartbeat": b'{"organisations": %b, "env": %b, "debug_enabled": %b}',
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_values_get_a_clear_answer_everywhere(client: Client, value: str, form: str) -> None:
    body = FORMS[form].replace(b"%b", ODD_VALUES[value])

    answers = {path: client.request(method, path, key=CLIENT_KEY, body=body) for method, path in ENDPOINTS}

    assert [(path, answer.status, answer.body) for path, answer in answers.items() if not is_clear(answer)] == []


def test_ten_thousand_traits_are_taken(client: Client) -> None:
    traits = [{"trait_key": f"t{number}", "trait_value": number} for number in range(10_000)]

    answer = client.post("/api/v1/identities/", {"identifier": "many", "traits": traits}, CLIENT_KEY)

    assert (answer.status, len(answer.json()["traits"])) == (200, 10_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["identifier", "traits", "identity", "trait_key", "trait_value", "transient", "increment_by", "evaluations"]
)
NEAR = st.dictionaries(FIELDS, JSON | st.dictionaries(FIELDS, JSON, max_size=3), max_size=4)
BODIES = st.one_of(JSON, NEAR, st.lists(NEAR, max_size=3)).map(lambda value: json.dumps(value).encode()) | st.binary()
CONTENT_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
    ]
)


@settings(max_examples=150, deadline=None)
@given(endpoint=st.sampled_from(ENDPOINTS), body=BODIES, content_type=CONTENT_TYPES)
def test_any_body_gets_a_clear_answer(client: Client, endpoint: tuple[str, str], body: Any, content_type: str) -> None:
    method, path = endpoint

    answer = client.request(method, path, key=CLIENT_KEY, body=body, headers={"content-type": content_type})

    assert is_clear(answer), (answer.status, answer.body)


@settings(max_examples=100, deadline=None)
@given(
    below=st.sampled_from(["/api/v1/flags/", "/api/v1/identities/"]),
    rest=st.text(max_size=30) | st.text("-_@%./ü0", max_size=6).map(lambda text: text + "/traits/k"),
    query=st.sampled_from(["", "?feature=", "?feature=ALPHA", "?identifier=%00", "?identifier=%ED%A0%80", "?a&b==&"]),
)
def test_any_path_and_query_gets_a_clear_answer(client: Client, below: str, rest: str, query: str) -> None:
    answer = client.get(below + rest.replace("?", "") + query, CLIENT_KEY)

    assert is_clear(answer) or answer.status == 301, (answer.status, answer.body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"identifier": ""%b}' % (b" " * 300_000)),
        ("application/x-www-form-urlencoded", b"a=" + b"1" * 300_000),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n" + b"1" * 300_000 + b"\r\n--x--"),
    ],
    ids=["json", "form", "multipart"],
)
def test_while_a_large_body_is_read_others_have_their_turn(client: Client, kind: str, body: bytes) -> None:
    answered: list[tuple[str, int]] = []

    async def ask(method: str, path: str, body: Any, headers: dict[str, str | None]) -> None:
        answer = await client.send(method, path, key=CLIENT_KEY, body=body, headers=headers)
        answered.append((path, answer.status))

    async def both() -> None:
        large = ask("POST", "/api/v1/identities/", body, {"content-type": kind})
        await asyncio.gather(large, ask("GET", "/api/v1/flags/", None, {}))

    client.run(both())

    assert answered == [("/api/v1/flags/", 200), ("/api/v1/identities/", 200)]


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("application/x-www-form-urlencoded", b"a=1&" * 2_000_000, "Form parse error - more than 1000 fields"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\n\r\n\r\n" * 800_000,
            "Multipart form parse error - more than 1000 parts",
        ),
    ],
    ids=["form", "multipart"],
)
def test_a_form_of_millions_of_fields_is_refused_unread(client: Client, kind: str, body: bytes, problem: str) -> None:
    answer = client.request("POST", "/api/v1/identities/", key=CLIENT_KEY, body=body, headers={"content-type": kind})

    assert (answer.status, answer.json()) == (400, {"detail": problem})


@pytest.mark.parametrize("name", [b'"identifier"', b"identifier", b'"identifier"; filename="x"'])
def test_parts_of_a_form_are_read_as_they_are(client: Client, name: bytes) -> None:
    text = "a\r\n--y b; ü"
    parts = [b"preamble", b"", b"--x", b"Content-Disposition: form-data; name=other", b"", b"1", b"--x"]
    parts += [
        b"content-type: text/plain",
        b"content-disposition: form-data; name=" + name,
        b"",
        text.encode(),
        b"--x--",
    ]
    headers: dict[str, str | None] = {"content-type": 'multipart/form-data; boundary="x"'}

    answer = client.request("POST", "/api/v1/identities/", key=CLIENT_KEY, body=b"\r\n".join(parts), headers=headers)

    assert (answer.status, answer.json().get("identifier")) == (200, text)
