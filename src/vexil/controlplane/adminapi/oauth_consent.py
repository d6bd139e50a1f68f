"""What an application asks of a person, and the person's answer, for dashboards that show it themselves.

Only for people who are logged in: an application cannot consent to more for itself.
"""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import oauth_applications
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import UsersOnly, UserToken, actor_of
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.session_cookies import SessionCookie
from vexil.controlplane.queries import oauth
from vexil.wire.errors import explain


class Consent(serializers.Serializer[None]):
    """The parameters of the authorisation request, and whether the person allows it."""

    allow = serializers.BooleanField()
    client_id = serializers.CharField()
    redirect_uri = serializers.CharField()
    response_type = serializers.CharField()
    scope = serializers.CharField(required=False, allow_blank=True)
    code_challenge = serializers.CharField()
    code_challenge_method = serializers.CharField()
    state = serializers.CharField(required=False, allow_blank=True)


class Authorize(APIView):
    authentication_classes = [SessionCookie, UserToken]
    permission_classes = [UsersOnly]

    def get(self, request: Request) -> Response:
        try:
            wanted = oauth.authorisation(request.query_params)
        except oauth.BadAuthorisation as refusal:
            return refused(request, refusal.error, refusal.description)
        return Response(
            {
                "application": {"name": wanted.application.name, "client_id": wanted.application.client_id},
                "scopes": wanted.descriptions,
                "redirect_uri": wanted.redirect_uri,
                "is_verified": wanted.application.is_verified,
            }
        )

    def post(self, request: Request) -> Response:
        form = Consent(data=body_of(request))
        form.is_valid(raise_exception=True)
        asked: dict[str, Any] = form.validated_data
        try:
            wanted = oauth.authorisation(asked)
        except oauth.BadAuthorisation as refusal:
            return refused(request, refusal.error, refusal.description)
        if not asked["allow"]:
            return Response({"redirect_uri": oauth_applications.deny(wanted)})
        by = actor_of(request)
        return Response({"redirect_uri": oauth_applications.allow(wanted, by=by, now=datetime.now(UTC))})


def refused(request: Request, error: str, description: str = "", *, status: int = 400) -> Response:
    """As RFC 6749 has errors."""
    body = {"error": error, **({"error_description": description} if description else {})}
    return errors.explained(request, status, body, explain("oauth_refused"))


urlpatterns = [path("oauth/authorize/", Authorize)]
