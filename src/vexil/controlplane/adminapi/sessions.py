"""Logging in and out. One token per user serves all sessions."""

from django.conf import settings
from django.contrib.auth import authenticate
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import users
from vexil.controlplane.adminapi import errors, session_cookies, throttling
from vexil.controlplane.adminapi.authentication import user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import User
from vexil.controlplane.queries import second_factors

SIGN_UP_TYPES = ("NO_INVITE", "INVITE_EMAIL", "INVITE_LINK")


class Credentials(serializers.Serializer[None]):
    """compat: a missing field is answered like a wrong one, by the view."""

    email = serializers.CharField(required=False, allow_blank=True)
    password = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)


class Login(APIView):
    permission_classes = [AllowAny]
    throttle_scopes = {"POST": throttling.LOGIN}

    def post(self, request: Request) -> Response:
        if settings.VEXIL.prevent_email_password:
            raise PermissionDenied
        credentials = Credentials(data=request.data)
        credentials.is_valid(raise_exception=True)
        given = credentials.validated_data
        user = authenticate(request, username=given.get("email", ""), password=given.get("password", ""))
        if not isinstance(user, User):
            raise errors.LoginFailed
        return second_step(user) if second_factors.has_one(user) else logged_in(user)


def second_step(user: User) -> Response:
    """For somebody who has passed the first step, and has another before them."""
    return Response({"ephemeral_token": second_factors.first_passed_by(user), "method": "app"})


def logged_in(user: User) -> Response:
    """What everybody gets who has logged in, whatever the steps were."""
    if not settings.VEXIL.cookie_auth_enabled:
        return Response({"key": users.token_of(user)})
    response = Response(status=204)
    session_cookies.add(response, user)
    return response


class AuthRoot(APIView):
    """compat: a list of what is here, with one entry."""

    def get(self, request: Request) -> Response:
        return Response({"users": request.build_absolute_uri("users/")})


class Logout(APIView):
    def post(self, request: Request) -> Response:
        users.delete_token(user_of(request))
        response = Response(status=204)
        session_cookies.remove(response)
        return response


class OwnToken(APIView):
    def delete(self, request: Request) -> Response:
        users.delete_token(user_of(request))
        return Response(status=204)


urlpatterns = [
    path("auth/", AuthRoot),
    path("auth/login/", Login),
    path("auth/logout/", Logout),
    path("auth/token/", OwnToken),
]
