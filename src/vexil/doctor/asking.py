"""One request, as plainly as possible: no redirect is followed, no proxy of the environment used, nothing kept open."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from vexil import __version__
from vexil.doctor.findings import Blocked, Finding, bad, because
from vexil.wire.errors import CATALOGUE, CODE_HEADER, Explanation, explain

PATIENCE_SECONDS = 10.0
_BODY_BYTES_MAX = 200_000_000
_PREFIX = "/api/v1"
_OF_PROXIES = {502: "bad_gateway", 503: "service_unavailable", 504: "gateway_timeout"}


class Site(NamedTuple):
    """The address that is examined, without `/api/v1/` and what may follow."""

    is_secure: bool
    host: str
    port: int
    base_path: str = ""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


class BadAddress(Exception):
    """No address that a client could use."""


def site_of(text: str) -> Site:
    """Raise `BadAddress`; a missing scheme is taken for https."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{text} is no address: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadAddress(f"{text} is no address: it must begin with http:// or https:// and name a host.")
    is_secure = parts.scheme == "https"
    base_path = parts.path.partition(_PREFIX)[0].rstrip("/")
    return Site(is_secure, parts.hostname, port or (443 if is_secure else 80), base_path)


@dataclass(frozen=True, slots=True)
class Answer:
    path: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    seconds: float

    @property
    def is_vexil(self) -> bool:
        return "flagsmith-version" in self.headers

    @property
    def server(self) -> str:
        return self.headers.get("server") or "no Server header"

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def ask(site: Site, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to a GET; raise `Blocked` when there is none."""
    connection = _connection(site)
    started = time.monotonic()
    try:
        connection.request(
            "GET", site.base_path + path, headers={"User-Agent": f"vexil-doctor/{__version__}", **(headers or {})}
        )
        response = connection.getresponse()
        body = response.read(_BODY_BYTES_MAX)
    except ValueError:
        problem = "has a character that no header may have, such as a line break"
        raise Blocked(bad(path, "malformed_credential", problem=problem)) from None
    except TimeoutError:
        raise Blocked(bad(path, "gateway_timeout", server="no answer at all")) from None
    except (OSError, http.client.HTTPException):
        raise Blocked(bad(path, "connection_refused", address=site.address)) from None
    finally:
        connection.close()
    named = {name.lower(): value for name, value in response.getheaders()}
    return Answer(path, response.status, named, body, time.monotonic() - started)


def explanation(answer: Answer) -> Explanation:
    """Why an answer is none that was hoped for: from itself if Vexil gave it, else from its status."""
    if not answer.is_vexil:
        if code := _OF_PROXIES.get(answer.status):
            return explain(code, server=answer.server)
        return explain("not_vexil", path=answer.path, status=answer.status, server=answer.server)
    body = answer.json()
    if isinstance(body, dict) and body.get("code") in CATALOGUE and isinstance(body.get("hint"), str):
        return Explanation(body["code"], body["hint"])
    code = answer.headers.get(CODE_HEADER.lower(), "")
    entry = CATALOGUE.get(code) or CATALOGUE["internal_error" if answer.status >= 500 else "not_allowed"]
    return Explanation(entry.code, entry.remedy)


def unhappy(step: str, answer: Answer) -> Finding:
    return because(step, f"{answer.path} was answered with {answer.status}", explanation(answer))


def _connection(site: Site) -> http.client.HTTPConnection:
    if not site.is_secure:
        return http.client.HTTPConnection(site.host, site.port, timeout=PATIENCE_SECONDS)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(site.host, site.port, timeout=PATIENCE_SECONDS, context=context)
