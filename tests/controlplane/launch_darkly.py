"""A LaunchDarkly on loopback: answers its REST API from lists, page by page."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_servers import serving

TOKEN = "api-0123"


@dataclass
class LaunchDarkly:
    """`flags` hold all their environments; an answer shows the one that is asked for."""

    environments: list[dict[str, Any]] = field(default_factory=list)
    flags: list[dict[str, Any]] = field(default_factory=list)
    segments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    page: int = 2
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Given before anything else, one for each request: a status with headers."""
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def items(self, path: str, query: dict[str, list[str]]) -> list[Any] | None:
        match path.strip("/").split("/")[2:]:
            case ["projects", "web", "environments"]:
                return self.environments
            case ["flags", "web"]:
                _, environment, *more = query["filter"][0].replace(",", ":").split(":")
                return [
                    {**flag, "environments": {environment: flag["environments"][environment]}}
                    for flag in self.flags
                    if flag.get("archived", False) == ("archived" in more)
                ]
            case ["segments", "web", environment]:
                return self.segments.get(environment, [])
        return None


@contextmanager
def running(known: LaunchDarkly) -> Iterator[LaunchDarkly]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.asked.append(self.path)
            parts, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
            items = known.items(parts.path, query)
            if known.refusals:
                status, headers = known.refusals.pop(0)
                self._answer(status, {"message": "no"}, headers)
            elif self.headers["Authorization"] != TOKEN:
                self._answer(401, {"code": "unauthorized"})
            elif items is None:
                self._answer(404, {"code": "not_found"})
            else:
                start = int(query["offset"][0])
                self._answer(200, {"items": items[start : start + known.page], "totalCount": len(items)})

        def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as port:
        known.url = f"http://127.0.0.1:{port}/"
        yield known


def reset_in(seconds: float) -> str:
    """As `X-Ratelimit-Reset` says it."""
    return str(int((time.time() + seconds) * 1000))


def setting(**fields: Any) -> dict[str, Any]:
    """A flag in one environment; on, with the first variation for everybody, unless said otherwise."""
    return {
        "on": True,
        "targets": [],
        "contextTargets": [],
        "rules": [],
        "fallthrough": {"variation": 0},
        "offVariation": 1,
        "prerequisites": [],
        **fields,
    }


def flag(key: str, values: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A flag; boolean unless it has values of its own."""
    return {
        "key": key,
        "name": key,
        "kind": "multivariate" if values else "boolean",
        "description": "",
        "variations": [{"_id": str(number), "value": value} for number, value in enumerate(values or [True, False])],
        "archived": False,
        "deprecated": False,
        "tags": [],
        "clientSideAvailability": {"usingMobileKey": True, "usingEnvironmentId": False},
        **fields,
    }


def clause(attribute: str, op: str, *values: Any, **fields: Any) -> dict[str, Any]:
    return {"attribute": attribute, "op": op, "values": list(values), "negate": False, "contextKind": "user", **fields}
