"""The checks that every endpoint shares: host, preflight, path, key, method, body."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil import __version__
from vexil.stores.opening import Stores
from vexil.stores.snapshots import EnvironmentKey

PATHS = ["/api/v1/flags/", "/api/v1/identities/?identifier=ann", "/api/v1/environment-document/"]
DOCUMENT = "/api/v1/environment-document/"
IDENTITIES = "/api/v1/identities/"

MISSING = (403, {"detail": "Invalid or missing Environment key"})
UNKNOWN = (401, {"detail": "Invalid or missing Environment Key"})


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_the_answer_is_403(serve: Serve, path: str) -> None:
    client = serve(snapshot())

    for key, headers in [(None, {}), ("", {}), ("  ", {}), (None, {"authorization": "Token 123"})]:
        answer = client.request("GET", path, key=key, headers=dict(headers))
        assert (answer.status, answer.json()) == MISSING
        assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["doesnotexist0000000000", "ser.doesnotexist0000000000", "SER.X", "x" * 5000, "ü"])
def test_an_unknown_key_is_answered_with_401(serve: Serve, path: str, key: str) -> None:
    answer = serve(snapshot()).get(path, key)

    assert (answer.status, answer.json()) == UNKNOWN
    assert answer.headers["www-authenticate"] == 'X-Environment-Key realm="api"'


def test_blanks_around_a_key_are_stripped(serve: Serve) -> None:
    assert serve(snapshot()).get(PATHS[0], f"  {CLIENT_KEY} ").status == 200


def test_the_document_is_for_server_keys(serve: Serve) -> None:
    client = serve(snapshot())

    by_client = client.get(DOCUMENT, CLIENT_KEY)

    assert (by_client.status, by_client.json()) == MISSING
    assert client.get(DOCUMENT, SERVER_KEY).status == 200
    assert client.request("DELETE", DOCUMENT, key=CLIENT_KEY).status == 403


def test_an_expired_server_key_is_refused_the_moment_it_expires(serve: Serve, stores: Stores) -> None:
    now = datetime.now(UTC)
    publish(
        stores,
        snapshot(),
        EnvironmentKey("ser.over", now - timedelta(seconds=1)),
        EnvironmentKey("ser.valid", now + timedelta(hours=1)),
    )
    client = serve()

    over = client.get(PATHS[0], "ser.over")

    assert (over.status, over.json()) == UNKNOWN
    assert client.get(PATHS[0], "ser.valid").status == 200


def test_a_client_that_sends_both_credentials_is_served(serve: Serve) -> None:
    answer = serve(snapshot()).get(PATHS[1], CLIENT_KEY, authorization="Token nonsense")

    assert answer.status == 200
    assert answer.headers["vary"] == "X_ENVIRONMENT_KEY, Accept, Authorization, Origin"


def test_a_stopped_organisation_is_not_served(serve: Serve) -> None:
    client = serve(snapshot(organisation={"stop_serving_flags": True}))

    for path in PATHS:
        answer = client.get(path, SERVER_KEY)
        assert (answer.status, answer.json()) == (403, {"detail": "Organisation is disabled from serving flags."})


def test_an_organisation_over_its_allowance_is_told_when_it_is_served_again(serve: Serve) -> None:
    blocked = {"stop_serving_flags": True, "blocked_until": time.time() + 100.5}
    client = serve(snapshot(organisation=blocked))

    for path in PATHS:
        answer = client.get(path, SERVER_KEY)
        assert (answer.status, answer.json()) == (429, {"detail": "Organisation has exceeded its API allowance."})
        assert 90 <= int(answer.headers["retry-after"]) <= 101


def test_whoever_waits_until_a_block_lapses_is_served(serve: Serve) -> None:
    lapses_at = time.time() + 0.2
    client = serve(snapshot(organisation={"stop_serving_flags": True, "blocked_until": lapses_at}))
    before = client.get("/api/v1/flags/", CLIENT_KEY)

    time.sleep(int(before.headers["retry-after"]))

    assert (before.status, before.headers["retry-after"]) == (429, "1")
    assert client.get("/api/v1/flags/", CLIENT_KEY).status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "BREW"])
def test_other_methods_are_refused_after_the_key(serve: Serve, method: str) -> None:
    client = serve(snapshot())

    answer = client.request(method, "/api/v1/flags/", key=CLIENT_KEY)

    assert (answer.status, answer.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert (answer.headers["allow"], answer.headers["vary"]) == ("GET, HEAD, OPTIONS", "Origin")
    assert client.request(method, "/api/v1/flags/").status == 403


def test_head_answers_as_get_without_a_body(serve: Serve) -> None:
    answer = serve(snapshot()).request("HEAD", "/api/v1/flags/", key=CLIENT_KEY)

    assert (answer.status, answer.body) == (200, b"")


def test_options_without_preflight_needs_the_key(serve: Serve) -> None:
    client = serve(snapshot())

    assert client.request("OPTIONS", "/api/v1/flags/").status == 403
    answer = client.request("OPTIONS", "/api/v1/flags/", key=CLIENT_KEY)
    assert (answer.status, sorted(answer.json())) == (200, ["description", "name", "parses", "renders"])


@pytest.mark.parametrize("path", ["/api/v1/flags/", "/api/v1/flags", "/api/v1/identities/", "/health"])
def test_a_preflight_is_answered_before_path_and_key(serve: Serve, path: str) -> None:
    headers = {"access-control-request-method": "GET", "origin": "https://app.example.com"}

    answer = serve(snapshot()).request("OPTIONS", path, headers=dict(headers))

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-environment-key" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-max-age"] == "86400"
    assert "cache-control" not in answer.headers


def test_browsers_of_any_origin_may_read_answers_and_errors(serve: Serve) -> None:
    client = serve(snapshot())

    for key in (CLIENT_KEY, None):
        answer = client.get("/api/v1/flags/", key, origin="https://app.example.com")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "X-Flagsmith-Document-Updated-At" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in client.get("/api/v1/flags/", CLIENT_KEY).headers


def test_with_cookies_browsers_of_named_origins_alone_may_read_answers(serve: Serve) -> None:
    client = serve(snapshot(), cookie_auth_enabled=True, cors_allowed_origins=("https://app.example.com",))

    def allowed(origin: str, **headers: str) -> str | None:
        method = "OPTIONS" if headers else "GET"
        sent = {"origin": origin, **headers}
        answer = client.request(method, "/api/v1/flags/", key=CLIENT_KEY, headers=dict(sent))
        return answer.headers.get("access-control-allow-origin")

    for preflight in ({}, {"access-control-request-method": "GET"}):
        assert allowed("https://app.example.com", **preflight) == "https://app.example.com"
        assert allowed("https://localhost", **preflight) == "https://localhost"
        assert allowed("https://elsewhere.example.com", **preflight) is None


@pytest.mark.parametrize(
    ("hosts", "status"), [((), 400), (("example.com",), 400), (("localhost",), 200), (("*",), 200)]
)
def test_only_hosts_of_the_list_are_answered(serve: Serve, hosts: tuple[str, ...], status: int) -> None:
    client = serve(snapshot(), allowed_hosts=hosts)

    assert client.get("/api/v1/flags/", CLIENT_KEY).status == status
    assert client.get("/health").status == status
    preflight = {"access-control-request-method": "GET"}
    assert client.request("OPTIONS", "/api/v1/flags/", headers=dict(preflight)).status == status


@pytest.mark.parametrize(("is_trusted", "statuses"), [(False, [400, 200]), (True, [200, 400])])
def test_the_forwarded_host_counts_only_when_it_is_trusted(serve: Serve, is_trusted: bool, statuses: list[int]) -> None:
    client = serve(snapshot(), allowed_hosts=("flags.test",), use_x_forwarded_host=is_trusted)
    asked = [("inside:8000", "flags.test"), ("flags.test", "inside:8000")]

    for path in ("/api/v1/flags/", "/health"):
        found = [
            client.get(path, CLIENT_KEY, host=host, x_forwarded_host=forwarded).status for host, forwarded in asked
        ]
        assert found == statuses


def test_a_missing_slash_is_redirected_before_the_key(serve: Serve) -> None:
    client = serve(snapshot())

    answer = client.request("POST", "/api/v1/identities?x=1")

    assert (answer.status, answer.headers["location"]) == (301, "/api/v1/identities/?x=1")
    assert "cache-control" not in answer.headers
    assert client.get("/health/liveness").headers["location"] == "/health/liveness/"


def test_a_missing_slash_is_not_found_where_redirects_are_switched_off(serve: Serve) -> None:
    answer = serve(snapshot(), append_slash=False).get("/api/v1/flags", CLIENT_KEY)

    assert (answer.status, answer.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("path", ["/flags/", "/v1/flags/", "/api/flags/", "/api/v2/flags/", "/api/v1//flags/"])
def test_a_wrong_path_is_not_found(serve: Serve, path: str) -> None:
    answer = serve(snapshot()).get(path, CLIENT_KEY)

    assert (answer.status, answer.json()) == (404, {"detail": "Not found."})


def test_every_answer_names_the_version_and_forbids_caching(serve: Serve) -> None:
    client = serve(snapshot())

    for answer in (client.get("/api/v1/flags/", CLIENT_KEY), client.get("/nope/"), client.get("/api/v1/flags/")):
        assert answer.headers["flagsmith-version"] == __version__
        assert answer.headers["cache-control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        assert answer.headers["pragma"] == "no-cache"
    quiet = serve(add_never_cache_headers=False).get("/api/v1/flags/", CLIENT_KEY)
    assert "cache-control" not in quiet.headers


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("*/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("text/html", 406),
        ("image/png", 406),
    ],
)
def test_only_json_is_offered(serve: Serve, accept: str, status: int) -> None:
    answer = serve(snapshot()).get("/api/v1/flags/", CLIENT_KEY, accept=accept)

    assert answer.status == status
    if status == 406:
        assert answer.json() == {"detail": "Could not satisfy the request Accept header."}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b"{",
            {
                "detail": "JSON parse error - "
                "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
            },
        ),
        (b'{"a": NaN}', {"detail": "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"}),
        (
            b'{"identifier": "\xff\xfe"}',
            {"detail": "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 16: invalid start byte"},
        ),
        (b"[" * 100_000, {"detail": "JSON parse error - nested too deeply"}),
        (b"[]", {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        (b'"x"', {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        (b"null", {"non_field_errors": ["No data provided"]}),
        (b'{"identifier": "\\ud800"}', {"identifier": ["Surrogate characters are not allowed: U+D800."]}),
        (b'{"identifier": "a\\u0000"}', {"identifier": ["Null characters are not allowed."]}),
        (b'{"identifier": true}', {"identifier": ["Not a valid string."]}),
        (b'{"identifier": {}}', {"identifier": ["Not a valid string."]}),
        (
            b'{"identifier": "' + b"i" * 2001 + b'"}',
            {"identifier": ["Ensure this field has no more than 2000 characters."]},
        ),
        (b'{"transient": "maybe"}', {"transient": ["Must be a valid boolean."]}),
        (b'{"transient": []}', {"transient": ["Must be a valid boolean."]}),
        (b'{"traits": null}', {"traits": ["This field may not be null."]}),
        (b'{"traits": {}}', {"traits": {"non_field_errors": ['Expected a list of items but got type "dict".']}}),
        (
            b'{"traits": ["plan"]}',
            {"traits": [{"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}]},
        ),
        (b'{"traits": [{"trait_key": "a"}]}', {"traits": [{"trait_value": ["This field is required."]}]}),
        (b'{"traits": [{"trait_value": 1}]}', {"traits": [{"trait_key": ["This field is required."]}]}),
        (
            b'{"traits": [{"trait_key": "", "trait_value": 1}]}',
            {"traits": [{"trait_key": ["This field may not be blank."]}]},
        ),
        (
            b'{"traits": [{"trait_key": null, "trait_value": 1}]}',
            {"traits": [{"trait_key": ["This field may not be null."]}]},
        ),
        (
            b'{"traits": [{"trait_key": "' + b"k" * 201 + b'", "trait_value": 1}]}',
            {"traits": [{"trait_key": ["Ensure this field has no more than 200 characters."]}]},
        ),
        (
            b'{"traits": [{"trait_key": "a", "trait_value": 1}, {"trait_key": "b", "trait_value": "'
            + b"v" * 2001
            + b'"}]}',
            {"traits": [{}, {"trait_value": ["Value string is too long. Must be less than 2000 character"]}]},
        ),
        (
            b'{"traits": [{"trait_key": "a", "trait_value": 9223372036854775808}]}',
            {"traits": [{"trait_value": ["A valid integer is required."]}]},
        ),
        (
            b'{"traits": [{"trait_key": "a", "trait_value": "x\\u0000"}]}',
            {"traits": [{"trait_value": ["Null characters are not allowed."]}]},
        ),
    ],
)
def test_a_bad_body_is_refused_and_stores_nothing(
    serve: Serve, stores: Stores, body: bytes, error: dict[str, object]
) -> None:
    client = serve(snapshot())

    answer = client.request("POST", IDENTITIES, key=CLIENT_KEY, body=body)

    assert (answer.status, answer.json()) == (400, error)
    assert stores.identities.page(3, offset=0, limit=1).total == 0


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml"])
def test_bodies_of_other_kinds_are_refused(serve: Serve, content_type: str) -> None:
    headers = {"content-type": content_type}

    answer = serve(snapshot()).request("POST", IDENTITIES, key=CLIENT_KEY, body=b"{}", headers=dict(headers))

    assert (answer.status, answer.json()) == (
        415,
        {"detail": f'Unsupported media type "{content_type}" in request.'},
    )


@pytest.mark.parametrize("framing", [{}, {"content-length": None, "transfer-encoding": "chunked"}])
def test_a_body_over_the_limit_is_refused(serve: Serve, stores: Stores, framing: dict[str, str | None]) -> None:
    client = serve(snapshot(), body_bytes_max=1024)
    body = b'{"identifier": "ann", "pad": "' + b"x" * 200_000 + b'"}'

    answer = client.request("POST", IDENTITIES, key=CLIENT_KEY, body=body, headers=framing)

    assert (answer.status, answer.json()) == (413, {"detail": "The request body is larger than 1024 bytes."})
    assert stores.identities.find(3, "ann") is None


def test_an_identifier_beyond_2000_characters_is_refused_in_the_query_too(serve: Serve) -> None:
    answer = serve(snapshot()).get(f"{IDENTITIES}?identifier={'i' * 2001}", CLIENT_KEY)

    assert (answer.status, answer.json()) == (
        400,
        {"identifier": ["Ensure this field has no more than 2000 characters."]},
    )


def test_a_server_only_flag_never_reaches_a_client_by_way_of_an_identity(serve: Serve) -> None:
    client = serve(
        snapshot(features=[feature(7, "secret", is_server_key_only=True)], defaults=[state(11, 7, "hidden")])
    )

    body = client.get(f"{IDENTITIES}?identifier=ann", CLIENT_KEY).body

    assert b"secret" not in body
    assert b"hidden" not in body
