"""The endpoints of the Flags API: which path is answered by what, and what is told of it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

from vexil.dataplane import document, errors, flags
from vexil.dataplane.analytics import Analytics
from vexil.dataplane.deprecated import Deprecated, options_of_feature
from vexil.dataplane.environments import Access
from vexil.dataplane.identities import Identities
from vexil.dataplane.requests import Sender
from vexil.dataplane.rsgi import Response
from vexil.dataplane.stored_traits import StoredTraits
from vexil.wire import json_text
from vexil.wire.headers import Headers

Handler = Callable[..., Awaitable[Response]]
"""Takes the request and, by name, the parts of its path."""


class Quick(NamedTuple):
    """How requests are answered whose head was seen before: by the query of a GET, by the body of all others."""

    at_once: Callable[[Access, Sender, bytes], Response | None]
    """None where that takes a wait, or is refused."""
    soon: Callable[[Access, Sender, bytes], Awaitable[Response]] | None = None
    """What `at_once` did not answer; without it, such requests take the whole way."""


_JSON: Headers = (("Content-Type", "application/json"),)
_PART = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the Flags API."""

    resource: str
    """The name under which requests are counted; empty where they are not."""
    methods: Mapping[str, Handler]
    name: str
    vary: str = "Accept, Origin"
    vary_found: str = ""
    """Of a GET that answers 200 or 404, where it differs."""
    needs_key: bool = True
    needs_server_key: bool = False
    takes_bearer: bool = False
    """The key may come as `Authorization: Bearer`, too."""
    allow: str = ""
    """Made of the methods unless given."""
    quick: Mapping[str, Quick] = field(default_factory=dict)
    """By method, where there is a quick way besides."""
    headers: Headers = field(init=False)
    headers_found: Headers = field(init=False)

    def __post_init__(self) -> None:
        methods = (*self.methods, "HEAD", "OPTIONS") if "GET" in self.methods else (*self.methods, "OPTIONS")
        allow = self.allow or ", ".join(methods)
        object.__setattr__(self, "allow", allow)
        object.__setattr__(self, "headers", (("Allow", allow), ("Vary", self.vary)))
        vary_found = (self.vary_found or self.vary).format("")
        object.__setattr__(self, "headers_found", (("Allow", allow), ("Vary", vary_found)))


class Endpoints:
    """Finds the endpoint of a path: by one look-up, or by a pattern for a path with names in it."""

    def __init__(self, by_path: Mapping[str, Endpoint]) -> None:
        self._fixed = {path: endpoint for path, endpoint in by_path.items() if "(?P<" not in path}
        self._named = [(re.compile(path), endpoint) for path, endpoint in by_path.items() if "(?P<" in path]

    def find(self, path: str) -> Endpoint | None:
        """`path` is as it was sent: what is percent-encoded in it is decoded here."""
        endpoint = self._fixed.get(path)
        if endpoint is not None:
            return endpoint
        if "%" in path:
            path = unquote(path)
        return self._fixed.get(path) or self._find_named(path)

    def template(self, path: str) -> str | None:
        """The path with its parts named instead, as in `/api/v1/identities/{identifier}/`."""
        if path in self._fixed:
            return path
        patterns = (pattern for pattern, _ in self._named if pattern.fullmatch(path))
        return next((_PART.sub(r"{\1}", pattern.pattern) for pattern in patterns), None)

    def __contains__(self, path: str) -> bool:
        return self.find(path) is not None

    def _find_named(self, path: str) -> Endpoint | None:
        for pattern, endpoint in self._named:
            if match := pattern.fullmatch(path):
                methods = {
                    method: partial(handler, **match.groupdict()) for method, handler in endpoint.methods.items()
                }
                return replace(endpoint, methods=methods)
        return None


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the endpoints are answered by."""

    identities: Identities
    traits: StoredTraits
    deprecated: Deprecated
    analytics: Analytics


def all_endpoints(handlers: Handlers, extensions: Mapping[str, Endpoint], *, compresses: bool) -> Endpoints:
    by_path = _fixed(handlers) | _named(handlers) | dict(extensions)
    return Endpoints(_vary_by_encoding(by_path) if compresses else by_path)


def _fixed(handlers: Handlers) -> dict[str, Endpoint]:
    identities, traits, analytics = handlers.identities, handlers.traits, handlers.analytics
    return {
        "/api/v1/flags/": Endpoint(
            "flags",
            {"GET": flags.get},
            "Flags",
            vary="Origin",
            vary_found=_VARY_FLAGS,
            quick={"GET": Quick(flags.get_at_once)},
        ),
        "/api/v1/identities/": Endpoint(
            "identities",
            {"GET": identities.get, "POST": identities.post},
            "Identities",
            vary_found="X_ENVIRONMENT_KEY, Accept, {}Origin",
            quick={
                "GET": Quick(identities.get_at_once, identities.get_soon),
                "POST": Quick(identities.post_at_once, identities.post_soon),
            },
        ),
        "/api/v1/environment-document/": Endpoint(
            "environment-document",
            {"GET": document.get},
            "Environment document",
            needs_server_key=True,
            quick={"GET": Quick(document.get_at_once)},
        ),
        "/api/v1/traits/": Endpoint("traits", {"POST": traits.post}, "Traits"),
        "/api/v1/traits/bulk/": Endpoint("traits", {"PUT": traits.put_many}, "Traits in bulk"),
        "/api/v1/traits/increment-value/": Endpoint("traits", {"POST": traits.increment}, "Trait increment"),
        "/api/v1/analytics/flags/": Endpoint(
            "", {"POST": analytics.post_counts}, "Flag analytics", quick={"POST": Quick(analytics.post_counts_at_once)}
        ),
        "/api/v2/analytics/flags/": Endpoint("", {"POST": analytics.post_evaluations}, "Flag analytics"),
        "/api/v1/analytics/telemetry/": Endpoint("", {"POST": analytics.post_telemetry}, "Telemetry", needs_key=False),
    }


def _named(handlers: Handlers) -> dict[str, Endpoint]:
    deprecated = handlers.deprecated
    return {
        rf"/api/v1/flags/{_IDENTIFIER}": Endpoint(
            "flags", {"GET": deprecated.flags_of_identifier}, "Flags", vary="Origin", vary_found=_VARY_FLAGS
        ),
        r"/api/v1/flags/(?P<feature_id>[0-9]{1,18})/multivariate-options/": Endpoint(
            "flags",
            {"GET": options_of_feature},
            "Multivariate options",
            allow="OPTIONS, GET",  # compat: the reference server's order.
        ),
        rf"/api/v1/identities/{_IDENTIFIER}/": Endpoint("identities", {"GET": deprecated.identity}, "Identity"),
        rf"/api/v1/identities/{_IDENTIFIER}/traits/(?P<trait_key>[^/]+)": Endpoint(
            "identities", {"POST": deprecated.set_trait}, "Identity trait"
        ),
    }


_IDENTIFIER = r"(?P<identifier>[-\w@%.]+)"
_VARY_FLAGS = "X_ENVIRONMENT_KEY, {}Origin"


def _vary_by_encoding(endpoints: Mapping[str, Endpoint]) -> dict[str, Endpoint]:
    return {
        path: replace(
            endpoint,
            vary=f"{endpoint.vary}, Accept-Encoding",
            vary_found=f"{endpoint.vary_found}, Accept-Encoding" if endpoint.vary_found else "",
        )
        for path, endpoint in endpoints.items()
    }


def headers_of(endpoint: Endpoint, method: str, status: int, authorization: str | None) -> Headers:
    """`Allow` and `Vary`, both exactly as browsers' caches know them from the reference server."""
    if method not in {"GET", "HEAD"} or status not in {200, 404}:
        return endpoint.headers
    if authorization and endpoint.vary_found:
        return (("Allow", endpoint.allow), ("Vary", endpoint.vary_found.format("Authorization, ")))
    return endpoint.headers_found


def description(endpoint: Endpoint, method: str) -> Response:
    """The answer to an OPTIONS that is no preflight; any other method is refused."""
    if method != "OPTIONS":
        raise errors.method_not_allowed(method, endpoint.allow)
    body = {
        "name": endpoint.name,
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    return Response(200, _JSON, json_text.dumps(body))
