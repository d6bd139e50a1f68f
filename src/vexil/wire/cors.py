"""Which web pages may read answers, and how browsers are told (sdk-api.md §1.5)."""

from dataclasses import dataclass

from vexil.config import Config
from vexil.wire.headers import HTML, VARY_ORIGIN, VERSION, Headers

_EXPOSED: Headers = (("Access-Control-Expose-Headers", "Retry-After, X-Flagsmith-Document-Updated-At, Link"),)
_EXPOSED_WITH_ETAG: Headers = ((_EXPOSED[0][0], f"{_EXPOSED[0][1]}, ETag"),)
FOR_ALL: Headers = (("Access-Control-Allow-Origin", "*"), *_EXPOSED)
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


@dataclass(frozen=True, slots=True)
class Cors:
    """What an installation allows to pages of other origins."""

    allows_all: bool = True
    with_credentials: bool = False
    origins: tuple[str, ...] = ()
    extra_request_headers: tuple[str, ...] = ()
    with_etags: bool = False
    """Let scripts see the `ETag`, and send it back."""

    def headers(self, origin: str | None, host: str) -> Headers:
        """What a browser needs to read the answer; nothing for a request without `Origin`, or from a strange one."""
        if not origin or not self._allows(origin, host):
            return ()
        exposed = _EXPOSED_WITH_ETAG if self.with_etags else _EXPOSED
        # Browsers take no `*` for answers to requests that carry credentials.
        allowed = "*" if self.allows_all and not self.with_credentials else origin
        credentials = (("Access-Control-Allow-Credentials", "true"),) if self.with_credentials else ()
        return (("Access-Control-Allow-Origin", allowed), *credentials, *exposed)

    def preflight(self, origin: str | None, host: str) -> Headers:
        """All headers of a preflight's answer, which is 200, empty, and the same for all paths."""
        always = (*VERSION, *VARY_ORIGIN, ("Content-Type", HTML), ("Content-Length", "0"))
        allowed = self.headers(origin, host)
        if not allowed:
            return always
        names = (*_ALLOWED_REQUEST_HEADERS, *self.extra_request_headers)
        return (
            *always,
            *allowed,
            ("Access-Control-Allow-Headers", ", ".join((*names, "if-none-match") if self.with_etags else names)),
            ("Access-Control-Allow-Methods", _METHODS),
            ("Access-Control-Max-Age", _MAX_AGE_SECONDS),
        )

    def _allows(self, origin: str, host: str) -> bool:
        return self.allows_all or origin in self.origins or origin.partition("://")[2] == host


def of(config: Config) -> Cors:
    """With cookies the browser itself proves who asks, so that then only named origins are let in by default."""
    allows_all, with_credentials = config.cors_allow_all, config.cors_allow_credentials
    return Cors(
        allows_all=not config.cookie_auth_enabled if allows_all is None else allows_all,
        with_credentials=config.cookie_auth_enabled if with_credentials is None else with_credentials,
        origins=config.cors_allowed_origins,
        extra_request_headers=config.cors_extra_headers,
    )


def is_preflight(method: str, access_control_request_method: str | None) -> bool:
    return method == "OPTIONS" and access_control_request_method is not None
