"""From a failure of the Admin API to its entry in the error catalogue, with what the request tells."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    ParseError,
    PermissionDenied,
    Throttled,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.request import Request

from vexil.controlplane.actions.feature_states import UsesVersions
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, NoSuchOverride
from vexil.controlplane.actions.identities import IdentityExists, UnknownIdentity
from vexil.controlplane.actions.plan_limits import NoProjectLeft, NoSeatLeft
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.actions.segments import ManagedSegment
from vexil.controlplane.actions.users import SignUpClosed, WeakPassword
from vexil.controlplane.actions.versions import NotVersioned
from vexil.controlplane.db.models import MasterAPIKey
from vexil.stores.identities import Unstorable
from vexil.wire import credentials, paths
from vexil.wire.errors import Explanation, explain, explain_status

_CODES: dict[type[Exception], str] = {
    SignUpClosed: "sign_up_closed",
    UsesVersions: "uses_feature_versions",
    NotVersioned: "needs_feature_versions",
    NoSuchOverride: "no_such_object",
    UnknownIdentity: "no_such_object",
    ChangeRequestsEnabled: "change_requests_enabled",
    ManagedSegment: "not_allowed",
    NoSeatLeft: "plan_limit_reached",
    NoProjectLeft: "plan_limit_reached",
}
"""Our own exceptions; of all others the status says enough."""

_FIELDS_MAX = 10


def of_refusal(error: Exception, status: int, body: Any, request: Request) -> Explanation:
    """For an exception of an action, whose answer is known already."""
    if isinstance(error, LimitReached):
        return explain("limit_reached", limit=error.limit)
    if isinstance(error, Refused | WeakPassword | IdentityExists | Unstorable):
        return _fields(body)
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
    return explain(code) if code else explain_status(status, request.method or "")


def of_framework(error: APIException, request: Request) -> Explanation:
    """For an exception of the framework, or one that a view raised in its words."""
    explanation = getattr(error, "explanation", None)
    if isinstance(explanation, Explanation):
        return explanation
    for kind, make in _OF_FRAMEWORK.items():
        if isinstance(error, kind):
            return make(error, request)
    return explain_status(error.status_code, request.method or "")


def unknown_path(path: str) -> Explanation:
    return paths.explain_unknown(path, _template, _fixed_paths())


def _authentication_failed(error: Any, request: Request) -> Explanation:
    if "inactive" in str(error.detail):
        return explain("inactive_user")
    return credentials.refused_token(request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2].strip())


def _not_authenticated(_error: Any, request: Request) -> Explanation:
    if isinstance(request.auth, MasterAPIKey):
        return explain("user_token_needed")
    headers = request.headers
    return credentials.absent_credentials(headers.get("Authorization"), headers.get("X-Environment-Key"))


def _denied(_error: Any, request: Request) -> Explanation:
    who = "This organisation's key" if isinstance(request.auth, MasterAPIKey) else "The user of this credential"
    return explain("permission_denied", who=who, method=request.method)


def _not_found(error: Any, _request: Request) -> Explanation:
    return explain("invalid_page" if str(error.detail).startswith("Invalid page") else "no_such_object")


def _wrong_method(_error: Any, request: Request) -> Explanation:
    view = (request.parser_context or {}).get("view")
    return explain("method_not_allowed", method=request.method, allowed=", ".join(getattr(view, "allowed_methods", ())))


def _wrong_media_type(_error: Any, request: Request) -> Explanation:
    wanted = [parser.media_type for parser in request.parsers or ()]
    sent = "another one" if request.content_type else "none"
    return explain("unsupported_media_type", wanted=wanted[0] if wanted else "application/json", sent=sent)


def _invalid(error: Any, _request: Request) -> Explanation:
    return _fields(error.detail)


def _fields(body: Any) -> Explanation:
    if isinstance(body, dict) and "detail" not in body:
        return explain("invalid_fields", fields=", ".join(list(map(str, body))[:_FIELDS_MAX]))
    return explain("not_allowed")


_OF_FRAMEWORK: dict[type[APIException], Callable[[Any, Request], Explanation]] = {
    NotAuthenticated: _not_authenticated,
    AuthenticationFailed: _authentication_failed,
    PermissionDenied: _denied,
    NotFound: _not_found,
    MethodNotAllowed: _wrong_method,
    NotAcceptable: lambda *_: explain("not_acceptable"),
    UnsupportedMediaType: _wrong_media_type,
    Throttled: lambda error, _: explain("throttled", seconds=error.wait, rate=error.rate, variable=error.variable),
    ParseError: lambda _, request: explain(
        "malformed_body", media_type=(request.content_type or "application/json").partition(";")[0][:50]
    ),
    ValidationError: _invalid,
}


def _template(path: str) -> str | None:
    """The path as it is served, with the names of its parts in place of what they hold."""
    if found := paths.of_flags_api(path):
        return found
    try:
        return _shown(resolve(path).route)
    except Resolver404:
        return None


def _shown(route: str) -> str:
    return "/" + route.replace("<id:", "<").replace("<str:", "<").replace("<int:", "<").replace("<uuid:", "<")


@cache
def _fixed_paths() -> frozenset[str]:
    """The routes without names in them, to compare typing errors with."""
    return frozenset(_routes(get_resolver().url_patterns, ""))


def _routes(patterns: list[Any], before: str) -> list[str]:
    found = []
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "<" not in route:
            found.append(f"/{route}")
    return found
