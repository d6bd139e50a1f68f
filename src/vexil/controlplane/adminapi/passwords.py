"""Changing password and address, and choosing a password by a mailed link."""

from typing import Any
from urllib.parse import quote

from django.http import HttpResponseRedirect
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of, user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import password_links


class NewPassword(serializers.Serializer[None]):
    new_password = serializers.CharField(trim_whitespace=False)
    re_new_password = serializers.CharField(trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["new_password"] != attrs["re_new_password"]:
            raise serializers.ValidationError("The two password fields didn't match.")
        return attrs


class ChangedPassword(NewPassword):
    current_password = serializers.CharField(trim_whitespace=False)


class ChangedEmail(serializers.Serializer[None]):
    new_email = serializers.EmailField(max_length=254)
    current_password = serializers.CharField(trim_whitespace=False)


class ResetPassword(NewPassword):
    uid = serializers.CharField()
    token = serializers.CharField()


class Address(serializers.Serializer[None]):
    email = serializers.EmailField()


class SetPassword(APIView):
    def post(self, request: Request) -> Response:
        user = user_of(request)
        form = ChangedPassword(data=request.data)
        form.is_valid(raise_exception=True)
        _check_current(user, form.validated_data["current_password"])
        users.set_password(user, form.validated_data["new_password"], by=actor_of(request))
        return Response(status=204)


class SetEmail(APIView):
    def post(self, request: Request) -> Response:
        user = user_of(request)
        form = ChangedEmail(data=request.data)
        form.is_valid(raise_exception=True)
        _check_current(user, form.validated_data["current_password"])
        users.set_email(user, form.validated_data["new_email"], by=actor_of(request))
        return Response(status=204)


class ResetPasswordRequest(APIView):
    """Always 204 for an address, so that nobody learns who has an account."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        form = Address(data=request.data)
        form.is_valid(raise_exception=True)
        account_mails.mail_password_link(form.validated_data["email"], site=request.build_absolute_uri("/"))
        return Response(status=204)


class ResetPasswordConfirm(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        form = ResetPassword(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        user = password_links.user_of_uid(given["uid"])
        if user is None:
            raise errors.invalid("Invalid user id or user doesn't exist.", "uid")
        if not password_links.is_valid(user, given["token"]):
            raise errors.invalid("Invalid token for given user.", "token")
        users.set_password(user, given["new_password"], by=Actor(user=user))
        return Response(status=204)


class PasswordLink(APIView):
    """Where links of mails and of the command line lead; the page itself is the dashboard's."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request, uid: str, token: str) -> HttpResponseRedirect:
        site = password_links.site(request.build_absolute_uri("/"))
        return HttpResponseRedirect(f"{site}/password-reset/{quote(uid)}/{quote(token)}")


def _check_current(user: User, password: str) -> None:
    if not user.check_password(password):
        raise errors.invalid("Invalid password.", "current_password")


urlpatterns = [
    path("auth/users/set_password/", SetPassword),
    path("auth/users/set_email/", SetEmail),
    path("auth/users/reset_password/", ResetPasswordRequest),
    path("auth/users/reset_password_confirm/", ResetPasswordConfirm),
]
