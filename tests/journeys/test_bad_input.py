"""Whatever strangers send: a clear 4xx in JSON, never a 500, never half a row."""

import itertools
import json
import socket
from typing import Any

import httpx
import pytest

from tests.journeys.admin import Admin
from tests.journeys.running import Server

MORE_THAN_TEN_MEGABYTES = 10 * 1024 * 1024 + 1
JSON = {"Content-Type": "application/json"}

_numbers = itertools.count(1)

NOT_JSON = {
    "malformed": b'{"identifier": "kim"',
    "a bare word": b"kim",
    "invalid UTF-8": b'{"identifier": "\xff\xfe"}',
    "a lone surrogate": b'{"identifier": "\\ud800"}',
    "not a number": b'{"identifier": NaN}',
    "nested too deep": b"[" * 100_000,
    "two documents": b"{} {}",
}
ODD_VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 2**70, 1e308, "", " ", "x" * 30_000, "\x00", "é", [], [1], [[]], {}, {"a": 1}, "99999999",
]  # fmt: skip


@pytest.fixture(scope="module")
def admin(server: Server) -> Admin:
    """One person for all of these: whatever is refused changes nothing."""
    person = Admin(server.api_url)
    person.create_project()
    return person


def snapshot_of_rows(admin: Admin) -> dict[str, Any]:
    """What a bad request must leave as it was."""
    environment = f"environments/{admin.client_key}"
    paths = {
        "organisations": "organisations/",
        "projects": f"projects/?organisation={admin.organisation['id']}",
        "environments": f"environments/?project={admin.project['id']}",
        "features": f"projects/{admin.project['id']}/features/",
        "segments": f"projects/{admin.project['id']}/segments/",
        "states": f"{environment}/featurestates/",
        "identities": f"{environment}/identities/",
        "server keys": f"{environment}/api-keys/",
    }
    return {name: admin.get(path) for name, path in paths.items()}


def is_clear_refusal(answer: httpx.Response) -> bool:
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return 400 <= answer.status_code < 500 and is_json and bool(answer.json())


def raw(server: Server, request: bytes) -> bytes:
    """Send these bytes, close our half, read all that comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer


@pytest.mark.parametrize("what", NOT_JSON)
def test_a_body_that_is_no_json_is_refused_by_the_flags_api(server: Server, admin: Admin, what: str) -> None:
    before = snapshot_of_rows(admin)

    answer = httpx.post(
        f"{server.api_url}identities/", content=NOT_JSON[what], headers=JSON | {"X-Environment-Key": admin.client_key}
    )

    assert (answer.status_code, is_clear_refusal(answer)) == (400, True), answer.text[:300]
    assert snapshot_of_rows(admin) == before


@pytest.mark.parametrize("what", NOT_JSON)
def test_a_body_that_is_no_json_is_refused_by_the_admin_api(admin: Admin, what: str) -> None:
    before = snapshot_of_rows(admin)
    body = NOT_JSON[what].replace(b"identifier", b"name")

    answers = [
        admin.client.post(path, content=body, headers=JSON)
        for path in (
            "organisations/",
            f"projects/{admin.project['id']}/features/",
            f"projects/{admin.project['id']}/segments/",
        )
    ]

    assert [(a.status_code, is_clear_refusal(a)) for a in answers] == [(400, True)] * 3, [a.text[:200] for a in answers]
    assert snapshot_of_rows(admin) == before


@pytest.mark.parametrize(
    "body",
    [
        {"identifier": ["kim"]},
        {"identifier": {"name": "kim"}},
        {"identifier": "k" * 2001},
        {"identifier": "kim\x00"},
        {"identifier": "kim", "traits": {"age": 30}},
        {"identifier": "kim", "traits": "age"},
        {"identifier": "kim", "traits": [1]},
        {"identifier": "kim", "traits": [{"trait_key": "age"}]},
        {"identifier": "kim", "traits": [{"trait_key": "", "trait_value": 1}]},
        {
            "identifier": "kim",
            "traits": [{"trait_key": "good", "trait_value": 1}, {"trait_key": "age", "trait_value": 2**64}],
        },
        {"identifier": "kim", "traits": [{"trait_key": "age", "trait_value": "x" * 2001}]},
        {"identifier": "kim", "transient": "perhaps"},
        [],
        "kim",
        7,
    ],
    ids=lambda body: json.dumps(body)[:60],
)
def test_wrong_types_are_refused_by_the_flags_api_and_nothing_is_stored(
    server: Server, admin: Admin, body: Any
) -> None:
    before = snapshot_of_rows(admin)

    answer = httpx.post(f"{server.api_url}identities/", json=body, headers={"X-Environment-Key": admin.client_key})

    assert (answer.status_code, is_clear_refusal(answer)) == (400, True), answer.text[:300]
    assert snapshot_of_rows(admin) == before


def admin_writes(admin: Admin) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Method, path and a good body of each kind of write."""
    name = f"target_{next(_numbers)}"
    feature = admin.create_feature(name, "v")
    segment = admin.create_segment("people", ("EQUAL", "plan", "pro"))
    identity = admin.create_identity(name)
    state = admin.default_state(feature)
    project, environment = f"projects/{admin.project['id']}", f"environments/{admin.client_key}"
    value = {"type": "unicode", "string_value": "x"}
    rules = [{"type": "ALL", "conditions": [], "rules": []}]
    return {
        "organisation": ("POST", "organisations/", {"name": "x"}),
        "project": ("POST", "projects/", {"name": "x", "organisation": admin.organisation["id"]}),
        "environment": ("POST", "environments/", {"name": "x", "project": admin.project["id"]}),
        "server key": ("POST", f"{environment}/api-keys/", {"name": "x", "active": True, "expires_at": None}),
        "feature": ("POST", f"{project}/features/", {"name": "x", "initial_value": "y", "default_enabled": True}),
        "option": ("POST", f"{project}/features/{feature}/mv-options/", {
            "feature": feature, "type": "unicode", "string_value": "x", "default_percentage_allocation": 9,
            "key": "k"}),
        "segment": ("POST", f"{project}/segments/", {"name": "x", "rules": rules, "description": "d"}),
        "segment change": ("PUT", f"{project}/segments/{segment}/", {"name": "x", "rules": rules}),
        "link": ("POST", "features/feature-segments/", {
            "feature": feature, "segment": segment, "environment": admin.environment["id"]}),
        "segment override": ("POST", f"{environment}/features/{feature}/create-segment-override/", {
            "feature_segment": {"segment": segment}, "enabled": True, "feature_state_value": value}),
        "state": ("PATCH", f"{environment}/featurestates/{state}/", {"enabled": True, "feature_state_value": "x"}),
        "flat state": ("PATCH", f"features/featurestates/{state}/", {"enabled": True, "feature_state_value": value}),
        "identity": ("POST", f"{environment}/identities/", {"identifier": "x"}),
        "identity override": ("POST", f"{environment}/identities/{identity}/featurestates/", {
            "feature": feature, "enabled": True, "feature_state_value": "x"}),
    }  # fmt: skip


def test_odd_values_in_any_field_never_break_the_admin_api(admin: Admin) -> None:
    broken = []
    for name, (method, path, body) in admin_writes(admin).items():
        for field in body:
            for odd in ODD_VALUES:
                answer = admin.client.request(method, path, json=body | {field: odd})
                is_json = answer.headers.get("content-type", "").startswith("application/json")
                if answer.status_code >= 500 or not is_json:
                    broken.append(f"{name}: {field}={json.dumps(odd)[:40]} → {answer.status_code}")

    assert broken == []


def test_bodies_that_are_no_object_are_refused_by_the_admin_api(admin: Admin) -> None:
    writes = admin_writes(admin)
    before = snapshot_of_rows(admin)

    accepted = []
    for name, (method, path, _) in writes.items():
        for odd in ([], "x", 7, True, [[]], [1]):
            answer = admin.client.request(method, path, json=odd)
            if not is_clear_refusal(answer):
                accepted.append(f"{name}: {odd!r} → {answer.status_code} {answer.text[:80]}")

    assert accepted == []
    assert snapshot_of_rows(admin) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nosuchthing/", 404),
        ("/api/v2/flags/", 404),
        ("/api/", 404),
        ("/flags/", 404),
        ("/api/v1//flags/", 404),
        ("/api/v1/flags/%ff%fe/", 404),
        ("/api/v1/projects/99999999999999999999/", 404),
        ("/api/v1/environments/%00/", 404),
    ],
)
def test_unknown_paths_are_answered_in_json(admin: Admin, server: Server, path: str, status: int) -> None:
    answer = admin.client.get(server.url + path, headers={"X-Environment-Key": admin.client_key})

    assert (answer.status_code, is_clear_refusal(answer)) == (status, True), answer.text[:300]


@pytest.mark.parametrize("path", ["flags/", "identities/?identifier=kim", "environment-document/"])
def test_unknown_keys_are_refused(server: Server, path: str) -> None:
    answer = httpx.get(server.api_url + path, headers={"X-Environment-Key": "nosuchkey"})

    assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid or missing Environment Key")


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
@pytest.mark.parametrize("path", ["identities/", "organisations/"])
def test_a_body_of_more_than_ten_megabytes_is_refused(server: Server, admin: Admin, path: str, chunked: bool) -> None:
    if path == "identities/":
        who = f"X-Environment-Key: {admin.client_key}\r\n"
    else:
        who = f"Authorization: {admin.client.headers['Authorization']}\r\n"
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {MORE_THAN_TEN_MEGABYTES}"
    head = f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{who}{length}\r\n\r\n"

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        try:
            for _ in range(11):
                piece = b" " * 1024 * 1024
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It may refuse before it has read everything.
        status = connection.recv(65_536).split(b"\r\n")[0]

    assert status.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("path", ["identities/", "organisations/"])
def test_a_truncated_request_leaves_nothing_and_the_server_goes_on(server: Server, admin: Admin, path: str) -> None:
    before = snapshot_of_rows(admin)
    who = f"X-Environment-Key: {admin.client_key}\r\nAuthorization: {admin.client.headers['Authorization']}"
    body = '{"identifier": "half", "name": "half"}'
    about = f"Host: 127.0.0.1\r\n{who}\r\nContent-Type: application/json\r\nContent-Length: 500"
    head = f"POST /api/v1/{path} HTTP/1.1\r\n{about}\r\n\r\n"

    answer = raw(server, (head + body).encode())

    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert snapshot_of_rows(admin) == before


@pytest.mark.parametrize(
    "request_line", [b"GET", b"GET /\xff\xfe HTTP/1.1", b"\x00\x01\x02", b"GET / HTTP/9.9", b"A" * 100_000]
)
def test_what_is_no_http_is_refused_and_the_server_goes_on(server: Server, request_line: bytes) -> None:
    answer = raw(server, request_line + b"\r\nHost: 127.0.0.1\r\n\r\n")

    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert httpx.get(f"{server.url}/health/liveness/").status_code == 200
