from typing import Any

import pytest

from vexil.config import Config
from vexil.wire import cors
from vexil.wire.cors import Cors

PAGE, OTHER, HOST = "https://app.test", "https://elsewhere.test", "flags.test:8000"
OWN = f"https://{HOST}"


def test_a_preflight_lists_methods_and_headers() -> None:
    answer = dict(Cors(extra_request_headers=("traceparent",)).preflight(PAGE, HOST))

    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Methods"] == "DELETE, GET, OPTIONS, PATCH, POST, PUT"
    assert answer["Access-Control-Allow-Headers"].split(", ")[-2:] == ["flagsmith-sdk-user-agent", "traceparent"]
    assert answer["Access-Control-Max-Age"] == "86400"
    assert answer["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [None, ""])
def test_without_origin_there_are_no_cors_headers(origin: str | None) -> None:
    assert Cors().headers(origin, HOST) == ()
    assert not any(name.startswith("Access-Control") for name, _ in Cors().preflight(origin, HOST))


def test_options_is_a_preflight_only_with_the_request_method_header() -> None:
    assert cors.is_preflight("OPTIONS", "GET")
    assert not cors.is_preflight("OPTIONS", None)
    assert not cors.is_preflight("GET", "GET")


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({}, {PAGE: ("*", None), OTHER: ("*", None), OWN: ("*", None), "null": ("*", None)}),
        (
            {"cookie_auth_enabled": True},
            {PAGE: (PAGE, "true"), OTHER: (None, None), OWN: (OWN, "true"), "null": (None, None)},
        ),
        ({"cors_allow_all": False}, {PAGE: (PAGE, None), OTHER: (None, None), OWN: (OWN, None), "null": (None, None)}),
        (
            {"cookie_auth_enabled": True, "cors_allow_all": True},
            {PAGE: (PAGE, "true"), OTHER: (OTHER, "true"), OWN: (OWN, "true"), "null": ("null", "true")},
        ),
        (
            {"cookie_auth_enabled": True, "cors_allow_all": True, "cors_allow_credentials": False},
            {PAGE: ("*", None), OTHER: ("*", None), OWN: ("*", None), "null": ("*", None)},
        ),
    ],
)
def test_pages_of_each_origin_may_read_what_the_settings_say(
    settings: dict[str, Any], allowed: dict[str, tuple[str | None, str | None]]
) -> None:
    ours = cors.of(Config(cors_allowed_origins=(PAGE,), **settings))

    for answer in (ours.headers, ours.preflight):
        found = {origin: dict(answer(origin, HOST)) for origin in allowed}
        names = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
        assert {origin: tuple(map(given.get, names)) for origin, given in found.items()} == allowed
