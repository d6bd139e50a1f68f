"""The second factor: setting up an authenticator app, and logging in with its codes."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import second_factors as actions
from vexil.controlplane.adminapi import errors, sessions, throttling
from vexil.controlplane.adminapi.authentication import user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import second_factors as queries
from vexil.wire.errors import explain

_METHOD = "app"


class Code(serializers.Serializer[None]):
    code = serializers.CharField()


class SecondStep(Code):
    ephemeral_token = serializers.CharField()


class Activate(APIView):
    def post(self, request: Request, method: str) -> Response:
        user = user_of(request)
        if method != _METHOD:
            return Response(status=404)  # compat: without a body
        secret = actions.begin(user)
        return Response({"qr_link": secret.link, "secret": secret.text})


class Confirm(APIView):
    def post(self, request: Request) -> Response:
        user = user_of(request)
        codes = actions.confirm(user, _valid(Code, request)["code"], now=datetime.now(UTC))
        return Response({"backup_codes": codes})


class Deactivate(APIView):
    def post(self, request: Request) -> Response:
        actions.deactivate(user_of(request))
        return Response(status=204)


class ActiveMethods(APIView):
    def get(self, request: Request) -> Response:
        has_one = queries.has_one(user_of(request))
        return Response([{"name": _METHOD, "is_primary": True}] if has_one else [])


class LoginCode(APIView):
    """The second step of logging in, by a code of the app or a backup code."""

    permission_classes = [AllowAny]
    throttle_scopes = {"POST": throttling.MFA_CODE}

    def post(self, request: Request) -> Response:
        given = _valid(SecondStep, request)
        user = queries.who_passed_first(given["ephemeral_token"])
        if user is None:
            return _refused(request, "Invalid or expired token.")
        try:
            actions.use(user, given["code"], now=datetime.now(UTC))
        except actions.WrongCode:
            return _refused(request, "Invalid or expired code.")
        return sessions.logged_in(user)


def _refused(request: Request, text: str) -> Response:
    return errors.explained(request, 401, {"error": text}, explain("login_failed"))


def _valid(kind: type[Code], request: Request) -> dict[str, Any]:
    form = kind(data=request.data)
    form.is_valid(raise_exception=True)
    given: dict[str, Any] = form.validated_data
    return given


urlpatterns = [
    path("auth/app/activate/confirm/", Confirm),
    path("auth/app/deactivate/", Deactivate),
    path("auth/<str:method>/activate/", Activate),
    path("auth/mfa/user-active-methods/", ActiveMethods),
    path("auth/login/code/", LoginCode),
]
