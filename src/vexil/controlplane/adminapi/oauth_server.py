"""OAuth2 for other applications, outside /api/v1/: what there is, registering, tokens (RFC 8414, 7591, 6749, 7009)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import oauth_applications, oauth_tokens
from vexil.controlplane.actions.oauth_applications import UnfitRedirect
from vexil.controlplane.actions.oauth_tokens import ACCESS_LIFETIME, InvalidGrant, Tokens
from vexil.controlplane.adminapi import throttling
from vexil.controlplane.adminapi.oauth_consent import refused
from vexil.controlplane.adminapi.parsing import JsonBody
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import OAuthApplication, OAuthTokenKind
from vexil.controlplane.queries import oauth
from vexil.metrics.families import REGISTRATIONS
from vexil.metrics.registry import registry

_GRANT_TYPES = ["authorization_code", "refresh_token"]
_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]
_URIS_MAX, _URI_CHARACTERS_MAX = 5, 2000
_NAME = r"^[A-Za-z0-9_.\-() ]+$"
"""Plain letters only: what a person is asked to allow must not look like something else."""


class _Public(APIView):
    """Whoever asks brings what it takes in the body."""

    authentication_classes = []
    permission_classes = [AllowAny]


class Metadata(_Public):
    def get(self, request: Request) -> Response:
        here = request.build_absolute_uri("/").rstrip("/")
        api = settings.VEXIL.own_url.rstrip("/") or here
        dashboard = settings.VEXIL.dashboard_url.rstrip("/") or api
        return Response(
            {
                "issuer": api,
                "authorization_endpoint": f"{dashboard}/oauth/authorize/",
                "token_endpoint": f"{api}/o/token/",
                "registration_endpoint": f"{api}/o/register/",
                "revocation_endpoint": f"{api}/o/revoke_token/",
                "introspection_endpoint": f"{api}/o/introspect/",
                "scopes_supported": list(oauth.SCOPES),
                "response_types_supported": ["code"],
                "grant_types_supported": _GRANT_TYPES,
                "code_challenge_methods_supported": ["S256"],
                # compat: clients choose from this list; all of ours are public, so it comes down to the last.
                "token_endpoint_auth_methods_supported": _AUTH_METHODS,
                "introspection_endpoint_auth_methods_supported": ["none"],
            }
        )


class Registration(serializers.Serializer[None]):
    client_name = serializers.RegexField(_NAME, max_length=255, default="MCP client")
    redirect_uris = serializers.ListField(
        child=serializers.CharField(max_length=_URI_CHARACTERS_MAX), min_length=1, max_length=_URIS_MAX
    )
    grant_types = serializers.ListField(child=serializers.ChoiceField(_GRANT_TYPES), default=_GRANT_TYPES)
    response_types = serializers.ListField(child=serializers.ChoiceField(["code"]), default=["code"])
    token_endpoint_auth_method = serializers.ChoiceField(["none"], default="none")


class Register(_Public):
    parser_classes = [JsonBody]
    throttle_scopes = {"POST": throttling.DCR}

    def post(self, request: Request) -> Response:
        form = Registration(data=request.data)
        if not form.is_valid():
            field, problem = next(iter(form.errors.items()))
            error = "invalid_redirect_uri" if field == "redirect_uris" else "invalid_client_metadata"
            registry.count(REGISTRATIONS, _auth_method(request), error)
            return refused(request, error, f"{field}: {_first_text(problem)}")
        asked: dict[str, Any] = form.validated_data
        try:
            application = oauth_applications.register(asked["client_name"], asked["redirect_uris"])
        except UnfitRedirect as refusal:
            registry.count(REGISTRATIONS, _auth_method(request), "invalid_redirect_uri")
            return refused(request, "invalid_redirect_uri", str(refusal))
        registry.count(REGISTRATIONS, _auth_method(request), "success")
        issued_at = int(application.created_at.timestamp())
        return Response({"client_id": application.client_id, **asked, "client_id_issued_at": issued_at}, status=201)


class Token(_Public):
    parser_classes = [FormParser]

    def post(self, request: Request) -> Response:
        asked = _form(request)
        if asked.get("grant_type") not in _GRANT_TYPES:
            return refused(request, "unsupported_grant_type")
        application = _application(asked)
        if application is None:
            return refused(request, "invalid_client", status=401)
        try:
            return _told(_granted(application, asked))
        except InvalidGrant as refusal:
            return refused(request, "invalid_grant", str(refusal))


class Revoke(_Public):
    parser_classes = [FormParser]

    def post(self, request: Request) -> Response:
        """What is unknown counts as revoked, so that nobody learns of others' tokens."""
        asked = _form(request)
        application = _application(asked)
        if application is None:
            return refused(request, "invalid_client", status=401)
        oauth_tokens.revoke(application, asked.get("token", ""), now=datetime.now(UTC))
        return Response({})


class Introspect(_Public):
    parser_classes = [FormParser]

    def post(self, request: Request) -> Response:
        """Whoever has a token may know what it is."""
        found = oauth.token_of(_form(request).get("token", ""), now=datetime.now(UTC))
        if found is None or (found.kind == OAuthTokenKind.REFRESH and found.replaced_at is not None):
            return Response({"active": False})
        session = found.session
        told: dict[str, Any] = {
            "active": True,
            "scope": " ".join(session.scopes),
            "client_id": session.application.client_id,
            "username": session.user.email,
            "exp": int(found.expires_at.timestamp()),
        }
        return Response(told)


def _auth_method(request: Request) -> str:
    """As asked for, for metrics, which take no text of strangers."""
    asked = request.data.get("token_endpoint_auth_method", "none") if isinstance(request.data, Mapping) else ""
    return asked if asked in _AUTH_METHODS else "other"


def _form(request: Request) -> dict[str, str]:
    sent = request.data
    return {name: str(value) for name, value in sent.items()} if isinstance(sent, Mapping) else {}


def _application(asked: dict[str, str]) -> OAuthApplication | None:
    client_id = asked.get("client_id", "").replace("\x00", "")
    return OAuthApplication.objects.filter(client_id=client_id).first() if client_id else None


def _granted(application: OAuthApplication, asked: dict[str, str]) -> Tokens:
    now = datetime.now(UTC)
    if asked["grant_type"] == "refresh_token":
        return oauth_tokens.refresh(application, asked.get("refresh_token", ""), now=now)
    return oauth_tokens.exchange_code(
        application,
        asked.get("code", ""),
        redirect_uri=asked.get("redirect_uri", ""),
        verifier=asked.get("code_verifier", ""),
        now=now,
    )


def _told(tokens: Tokens) -> Response:
    body = {
        "access_token": tokens.access,
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "token_type": "Bearer",
        "scope": " ".join(tokens.scopes),
        "refresh_token": tokens.refresh,
    }
    return Response(body, headers={"Cache-Control": "no-store"})


def _first_text(problem: Any) -> str:
    """The first sentence in an error of a field, which may be about one of its items."""
    while isinstance(problem, dict | list):
        problem = next(iter(problem.values() if isinstance(problem, dict) else problem))
    return str(problem)


urlpatterns = [
    path(".well-known/oauth-authorization-server", Metadata),
    path("o/register/", Register),
    path("o/token/", Token),
    path("o/revoke_token/", Revoke),
    path("o/introspect/", Introspect),
]
