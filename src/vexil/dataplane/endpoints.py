"""The endpoints of the Flags API: which path is answered by what, and what is told of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from vexil.dataplane import document, errors, flags
from vexil.dataplane.identities import Identities
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.wire import json_text
from vexil.wire.headers import Headers

Handler = Callable[[Request], Awaitable[Response]]

_JSON: Headers = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the Flags API."""

    resource: str
    """The name under which requests are counted."""
    methods: Mapping[str, Handler]
    name: str
    vary: str = "Accept, Origin"
    vary_found: str = ""
    """Of a GET that answers 200 or 404, where it differs."""
    needs_server_key: bool = False
    takes_bearer: bool = False
    """The key may come as `Authorization: Bearer`, too."""
    allow: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow", ", ".join((*self.methods, "HEAD", "OPTIONS")))


class Endpoints:
    """Finds the endpoint of a path."""

    def __init__(self, exact: Mapping[str, Endpoint]) -> None:
        self._exact = exact

    def find(self, path: str) -> Endpoint | None:
        return self._exact.get(path)

    def __contains__(self, path: str) -> bool:
        return self.find(path) is not None


def all_endpoints(identities: Identities) -> Endpoints:
    exact = {
        "/api/v1/flags/": Endpoint(
            "flags", {"GET": flags.get}, "Flags", vary="Origin", vary_found="X_ENVIRONMENT_KEY, {}Origin"
        ),
        "/api/v1/identities/": Endpoint(
            "identities",
            {"GET": identities.get, "POST": identities.post},
            "Identities",
            vary_found="X_ENVIRONMENT_KEY, Accept, {}Origin",
        ),
        "/api/v1/environment-document/": Endpoint(
            "environment-document", {"GET": document.get}, "Environment document", needs_server_key=True
        ),
    }
    return Endpoints(exact)


def headers_of(endpoint: Endpoint, method: str, status: int, authorization: str | None) -> Headers:
    """`Allow` and `Vary`, both exactly as browsers' caches know them from the reference server."""
    if endpoint.vary_found and method in {"GET", "HEAD"} and status in {200, 404}:
        vary = endpoint.vary_found.format("Authorization, " if authorization else "")
    else:
        vary = endpoint.vary
    return (("Allow", endpoint.allow), ("Vary", vary))


def description(endpoint: Endpoint, method: str) -> Response:
    """The answer to an OPTIONS that is no preflight; any other method is refused."""
    if method != "OPTIONS":
        raise errors.method_not_allowed(method)
    body = {
        "name": endpoint.name,
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    return Response(200, _JSON, json_text.dumps(body))
