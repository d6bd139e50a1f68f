"""What mailed links lead to: activating an account, moving it to another address."""

from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import account_links, password_links


class Address(serializers.Serializer[None]):
    email = serializers.EmailField()


class Link(serializers.Serializer[None]):
    uid = serializers.CharField()
    token = serializers.CharField()


class LinkToNewAddress(Link):
    new_email = serializers.EmailField(max_length=254)


class Activation(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        given = _valid(Link, request)
        user = _named(given)
        if user.is_active:
            raise PermissionDenied("Stale token for given user.")
        _check(user, given, account_links.ACTIVATION)
        account_mails.activate(user)
        return Response(status=204)


class ActivationAgain(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        if not settings.VEXIL.enable_email_activation:
            return Response(status=400)  # compat: without a body
        account_mails.mail_activation_again(_valid(Address, request)["email"], site=site(request))
        return Response(status=204)


class NewAddressRequest(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        account_mails.mail_address_link(_valid(Address, request)["email"], site=site(request))
        return Response(status=204)


class NewAddress(APIView):
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        given = _valid(LinkToNewAddress, request)
        user = _named(given)
        _check(user, given, account_links.NEW_ADDRESS)
        users.set_email(user, given["new_email"], by=Actor(user=user))
        return Response(status=204)


def site(request: Request) -> str:
    """Where links of mails lead."""
    return password_links.site(request.build_absolute_uri("/"))


def _valid(kind: type[serializers.Serializer[None]], request: Request) -> dict[str, Any]:
    form = kind(data=request.data)
    form.is_valid(raise_exception=True)
    given: dict[str, Any] = form.validated_data
    return given


def _named(given: dict[str, Any]) -> User:
    user = password_links.user_of_uid(given["uid"])
    if user is None:
        raise errors.invalid("Invalid user id or user doesn't exist.", "uid")
    return user


def _check(user: User, given: dict[str, Any], purpose: PasswordResetTokenGenerator) -> None:
    if not purpose.check_token(user, given["token"]):
        raise errors.invalid("Invalid token for given user.", "token")


urlpatterns = [
    path("auth/users/activation/", Activation),
    path("auth/users/resend_activation/", ActivationAgain),
    path("auth/users/reset_email/", NewAddressRequest),
    path("auth/users/reset_email_confirm/", NewAddress),
]
