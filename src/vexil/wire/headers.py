"""Response headers that both planes send (sdk-api.md §1.4 and §1.5)."""

from collections.abc import Iterable

from vexil import __version__

Headers = tuple[tuple[str, str], ...]

VERSION: Headers = (("Flagsmith-Version", __version__),)
"""On every answer."""

NO_STORE: Headers = (
    ("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private"),
    ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Pragma", "no-cache"),
)
"""On all but redirects, preflights and the 400 for a wrong host, unless switched off."""

VARY_ORIGIN: Headers = (("Vary", "Origin"),)
"""On redirects, preflights, unknown paths, health and version. Other API answers: `VARY_ACCEPT_ORIGIN`."""

VARY_ACCEPT_ORIGIN: Headers = (("Vary", "Accept, Origin"),)

HTML = "text/html; charset=utf-8"

WRONG_HOST_BODY = (
    b"<!doctype html>\n<html lang=en>\n<title>Bad Request (400)</title>\n<h1>Bad Request (400)</h1>\n"
    b"<p>This host name is not in DJANGO_ALLOWED_HOSTS.</p>\n"
)

_CORS: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After, X-Flagsmith-Document-Updated-At, Link"),
)
_METHODS = "DELETE, GET, OPTIONS, PATCH, POST, PUT"
_MAX_AGE_SECONDS = "86400"
_ALLOWED_REQUEST_HEADERS = (
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "dnt",
    "origin",
    "user-agent",
    "x-csrftoken",
    "x-requested-with",
    "x-environment-key",
    "x-e2e-test-auth-token",
    "flagsmith-application-name",
    "flagsmith-application-version",
    "flagsmith-sdk-user-agent",
)


def cors(origin: str | None) -> Headers:
    """What a browser needs to read the answer; nothing for a request without `Origin`."""
    return _CORS if origin else ()


def is_preflight(method: str, access_control_request_method: str | None) -> bool:
    return method == "OPTIONS" and access_control_request_method is not None


def preflight(origin: str | None, extra_request_headers: Iterable[str]) -> Headers:
    """All headers of a preflight's answer, which is 200, empty, and the same for every path."""
    always = (*VERSION, *VARY_ORIGIN, ("Content-Type", HTML), ("Content-Length", "0"))
    if not origin:
        return always
    return (
        *always,
        *_CORS,
        ("Access-Control-Allow-Headers", ", ".join((*_ALLOWED_REQUEST_HEADERS, *extra_request_headers))),
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Max-Age", _MAX_AGE_SECONDS),
    )
