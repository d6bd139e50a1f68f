from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.controlplane.client import AdminClient
from tests.explanations import without_explanation
from vexil import __version__

NO_STORE = "max-age=0, no-cache, no-store, must-revalidate, private"


def with_settings(**changes: Any) -> Any:
    return override_settings(VEXIL=replace(settings.VEXIL, **changes))


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, headers={"Host": "localhost"})


@pytest.mark.parametrize("path", ["/api/v1/projects/", "/api/v1/projects", "/nonsense", "/"])
def test_a_foreign_host_is_refused_on_every_path(browser: Client, path: str) -> None:
    response = browser.get(path, headers={"Host": "evil.test"})

    assert response.status_code == 400
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Vary"] == "Origin"
    assert not response.has_header("Cache-Control")


def test_a_foreign_host_is_refused_on_preflights_as_well(browser: Client) -> None:
    headers = {"Host": "evil.test", "Access-Control-Request-Method": "GET", "Origin": "https://app.test"}

    assert browser.options("/api/v1/projects/", headers=headers).status_code == 400


def test_the_forwarded_host_counts_only_when_it_is_trusted(browser: Client) -> None:
    headers = {"Host": "proxy.internal", "X-Forwarded-Host": "flags.test"}

    with with_settings(allowed_hosts=("flags.test",)):
        untrusted = browser.get("/api/v1/projects/", headers=headers)
    with with_settings(allowed_hosts=("flags.test",), use_x_forwarded_host=True):
        trusted = browser.get("/api/v1/projects/", headers=headers)

    assert (untrusted.status_code, trusted.status_code) == (400, 401)


@pytest.mark.parametrize("path", ["/api/v1/projects/", "/api/v1/projects", "/api/v1/nonsense/"])
def test_preflights_are_answered_before_routing_and_credentials(browser: Client, path: str) -> None:
    headers = {"Origin": "https://app.test", "Access-Control-Request-Method": "GET"}

    response = browser.options(path, headers=headers)

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Access-Control-Allow-Methods"] == "DELETE, GET, OPTIONS, PATCH, POST, PUT"
    assert response["Flagsmith-Version"] == __version__
    assert not response.has_header("Cache-Control")


def test_answers_carry_cors_version_and_cache_headers(browser: Client) -> None:
    response = browser.get("/api/v1/projects/", headers={"Origin": "https://app.test"})

    assert response.status_code == 401
    assert {name: response.headers.get(name) for name in ("Vary", "Allow", "Cache-Control", "Pragma")} == {
        "Vary": "Accept, Origin",
        "Allow": "GET, POST, HEAD, OPTIONS",
        "Cache-Control": NO_STORE,
        "Pragma": "no-cache",
    }
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Access-Control-Expose-Headers"] == "Retry-After, X-Flagsmith-Document-Updated-At, Link"
    assert response["Flagsmith-Version"] == __version__


def test_a_script_may_read_that_its_paths_lack_their_prefix(browser: Client) -> None:
    response = browser.get("/flags/", headers={"Origin": "https://app.test", "Accept": "application/json"})

    assert (response.status_code, response.json()["code"]) == (404, "missing_prefix")
    assert (response["Vary"], response["Access-Control-Allow-Origin"]) == ("Origin", "*")


def test_never_cache_headers_can_be_switched_off(browser: Client) -> None:
    with with_settings(add_never_cache_headers=False):
        assert not browser.get("/api/v1/projects/").has_header("Cache-Control")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_known_path_without_its_slash_redirects_whatever_the_method(browser: Client, method: str) -> None:
    response = browser.generic(method, "/api/v1/projects?page=1&search=a%20b")

    assert response.status_code == 301
    assert response["Location"] == "/api/v1/projects/?page=1&search=a%20b"
    assert response["Vary"] == "Origin"
    assert not response.has_header("Cache-Control")


def test_with_append_slash_off_an_unslashed_path_is_unknown(browser: Client) -> None:
    with with_settings(append_slash=False):
        response = browser.get("/api/v1/projects")

    assert (response.status_code, response.json()["code"]) == (404, "missing_slash")
    assert "/api/v1/projects/" in response.json()["hint"]


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/nonsense", "/api/v1", "/api/v1//projects/", "/api/v1/projects/abc/", "/api/v1/projects/1%00/"],
)
def test_unknown_paths_below_api_are_json(browser: Client, path: str) -> None:
    response = browser.get(path)

    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert without_explanation(404, response.json()) == {"detail": "Not found."}


@pytest.mark.parametrize("path", ["/projects/", "/v1/projects/", "/API/V1/projects/"])
def test_the_prefix_is_needed(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_a_body_beyond_the_limit_is_413_before_credentials(client: AdminClient) -> None:
    with with_settings(body_bytes_max=2000):
        response = client.post("projects/", b"x" * 2001)

    assert (response.status_code, response.json()) == (413, {"detail": "Request body is too large."})


def test_null_characters_in_a_query_are_refused(client: AdminClient) -> None:
    response = client.get("projects/?uuid=%00")

    assert (response.status_code, response.json()) == (400, {"detail": "Null characters are not allowed."})
