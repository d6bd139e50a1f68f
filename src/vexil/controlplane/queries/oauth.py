"""What other applications may be given, and what was given to them (OAuth 2.1: RFC 6749, 7636, 8252)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Max, Min, Q, QuerySet

from vexil.controlplane.db.models import OAuthApplication, OAuthSession, OAuthToken, OAuthTokenKind, User

ADMIN_API, MCP = "admin-api", "mcp"
SCOPES: Mapping[str, tuple[str, ...]] = {
    MCP: (
        "See your organisations, projects, environments and features",
        "Create and change features, their values, segments and overrides",
        "See and invite members of your organisations",
    ),
    ADMIN_API: ("Do everything that you may do in all your organisations",),
}
"""What people are told that they allow."""

CLI = "flagsmith-cli"
"""Comes with every installation; its scope is for it alone."""

_LOOPBACK = {"127.0.0.1", "::1"}


class BadAuthorisation(Exception):
    """An application asks for what it cannot get: an error of RFC 6749 and what to say of it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What an application asks of a person, checked."""

    application: OAuthApplication
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    state: str

    @property
    def descriptions(self) -> dict[str, list[str]]:
        return {scope: list(SCOPES[scope]) for scope in self.scopes}


def authorisation(asked: Mapping[str, Any]) -> Authorisation:
    """What the parameters of an authorisation request ask for. One statement."""
    given = {name: _text(asked, name) for name in PARAMETERS}
    application = _application(given["client_id"])
    redirect_uri = given["redirect_uri"]
    if not redirect_uri:
        raise BadAuthorisation("invalid_request", "Missing redirect_uri parameter.")
    if not any(_fits(registered, redirect_uri) for registered in application.redirect_uris):
        raise BadAuthorisation("invalid_request", "Mismatching redirect URI.")
    if given["response_type"] != "code":
        raise BadAuthorisation("unsupported_response_type", "Only response_type=code is supported.")
    if not given["code_challenge"]:
        raise BadAuthorisation("invalid_request", "Code challenge required.")
    if given["code_challenge_method"] != "S256":
        raise BadAuthorisation("invalid_request", "Only code_challenge_method=S256 is supported.")
    if len(given["code_challenge"]) > _CHALLENGE_CHARACTERS_MAX:
        raise BadAuthorisation("invalid_request", "The code challenge is too long.")
    scopes = _scopes(application, given["scope"])
    return Authorisation(application, scopes, redirect_uri, given["code_challenge"], given["state"])


PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
_CHALLENGE_CHARACTERS_MAX = 128


def scopes_open_to(application: OAuthApplication) -> tuple[str, ...]:
    return (ADMIN_API,) if application.client_id == CLI else (MCP,)


def digest(text: str) -> str:
    """Under which a code or token is kept: they are long and random, so a plain hash tells nothing of them."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def token_of(text: str, *, now: datetime) -> OAuthToken | None:
    """The token, of whichever kind, unless it has ended, or its session, or its user's account. One statement."""
    return (
        OAuthToken.objects.filter(
            digest=digest(text), expires_at__gt=now, session__revoked_at__isnull=True, session__user__is_active=True
        )
        .select_related("session__user", "session__application")
        .first()
    )


def session_of(access_token: str, *, now: datetime) -> OAuthSession | None:
    """What an access token opens. One statement."""
    token = token_of(access_token, now=now)
    return token.session if token and token.kind == OAuthTokenKind.ACCESS else None


def authorised_applications(user: User, *, now: datetime) -> QuerySet[OAuthApplication]:
    """Those that may act as the user now; each with `first_allowed_at`, `used_at` and `sign_ins`. One statement."""
    live = Q(sessions__user=user, sessions__revoked_at__isnull=True, sessions__expires_at__gt=now)
    return (
        OAuthApplication.objects.filter(live)
        .annotate(
            first_allowed_at=Min("sessions__created_at"),
            used_at=Max("sessions__renewed_at"),
            sign_ins=Count("sessions"),
        )
        .order_by("name", "pk")
    )


def _application(client_id: str) -> OAuthApplication:
    if not client_id:
        raise BadAuthorisation("invalid_request", "Missing client_id parameter.")
    application = OAuthApplication.objects.filter(client_id=client_id).first()
    if application is None:
        raise BadAuthorisation("invalid_request", "Invalid client_id parameter value.")
    return application


def _scopes(application: OAuthApplication, asked: str) -> tuple[str, ...]:
    """Those asked for, each once; without any, what the application can have."""
    possible = scopes_open_to(application)
    wanted = tuple(dict.fromkeys(asked.split())) or possible
    if refused := [scope for scope in wanted if scope not in possible]:
        raise BadAuthorisation("invalid_scope", f"This application cannot have the scope {refused[0][:50]}.")
    return wanted


def _fits(registered: str, asked: str) -> bool:
    """Literally the same; on a loopback address with any port, since programs take one that is free (RFC 8252)."""
    if registered == asked:
        return True
    try:
        ours, theirs = urlsplit(registered), urlsplit(asked)
        is_loopback = ours.scheme == "http" and ours.hostname in _LOOPBACK and theirs.port is not None
    except ValueError:
        return False
    without_port = theirs._replace(netloc=theirs.netloc.removesuffix(f":{theirs.port}"))
    return is_loopback and without_port.geturl() == ours._replace(netloc=_without_port(ours.netloc, ours.port)).geturl()


def _without_port(netloc: str, port: int | None) -> str:
    return netloc if port is None else netloc.removesuffix(f":{port}")


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""
