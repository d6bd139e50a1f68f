"""Accounts: signing up, and what people see and change of themselves."""

from datetime import UTC, datetime
from typing import NoReturn

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import account_mails, users
from vexil.controlplane.adminapi import account_links, errors, session_cookies, throttling
from vexil.controlplane.adminapi.authentication import actor_of, user_of
from vexil.controlplane.adminapi.onboarding import OnboardingSerializer
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.sessions import SIGN_UP_TYPES
from vexil.controlplane.db.models import User
from vexil.controlplane.db.models.users import AuthType


class SignUpSerializer(serializers.ModelSerializer[User]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(write_only=True, trim_whitespace=False)
    sign_up_type = serializers.ChoiceField(choices=SIGN_UP_TYPES, required=False, allow_null=True)
    superuser = serializers.BooleanField(write_only=True, required=False)
    invite_hash = serializers.CharField(write_only=True, required=False, allow_blank=True)

    class Meta:
        model = User
        fields = [
            "first_name",
            "last_name",
            "sign_up_type",
            "email",
            "id",
            "is_active",
            "marketing_consent_given",
            "uuid",
            "password",
            "superuser",
            "invite_hash",
        ]
        read_only_fields = ["is_active"]

    def validate_email(self, value: str) -> str:
        return value.lower()


class OwnAccountSerializer(serializers.ModelSerializer[User]):
    sign_up_type = serializers.ChoiceField(choices=SIGN_UP_TYPES, required=False, allow_null=True)
    pylon_email_signature = serializers.SerializerMethodField()
    onboarding = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = User
        fields = [
            "first_name",
            "last_name",
            "sign_up_type",
            "id",
            "email",
            "auth_type",
            "is_superuser",
            "date_joined",
            "uuid",
            "pylon_email_signature",
            "onboarding",
        ]
        read_only_fields = ["email", "auth_type", "is_superuser", "date_joined", "onboarding"]

    def get_pylon_email_signature(self, _user: User) -> str | None:
        return None


class Farewell(serializers.Serializer[None]):
    """Of those who log in elsewhere, and so have no password here."""

    delete_orphan_organisations = serializers.BooleanField(default=False)


class Goodbye(Farewell):
    current_password = serializers.CharField(trim_whitespace=False)


class Users(APIView):
    permission_classes = [AllowAny]
    throttle_scopes = {"POST": throttling.SIGNUP}

    def get(self, _request: Request) -> NoReturn:
        raise NotFound(errors.NOT_FOUND)

    def post(self, request: Request) -> Response:
        body = body_of(request)
        users.check_sign_up_is_open(str(body.get("email", "")), str(body.get("invite_hash", "")))
        form = SignUpSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user, token = users.sign_up(**form.validated_data)
        if not user.is_active:
            account_mails.mail_activation(user, site=account_links.site(request))
        return _signed_up(user, token)


def _signed_up(user: User, token: str) -> Response:
    if not settings.VEXIL.cookie_auth_enabled:
        return Response({**SignUpSerializer(user).data, "key": token}, status=201)
    response = Response(SignUpSerializer(user).data, status=201)
    if user.is_active:
        session_cookies.add(response, user)
    return response


class OwnAccount(APIView):
    refuses_other_methods = True

    def get(self, request: Request) -> Response:
        user = user_of(request)
        users.note_login(user, now=datetime.now(UTC))
        return Response(OwnAccountSerializer(user).data)

    def put(self, request: Request) -> Response:
        return self._update(request, partial=False)

    def patch(self, request: Request) -> Response:
        return self._update(request, partial=True)

    def delete(self, request: Request) -> Response:
        user = user_of(request)
        has_password = user.auth_type == AuthType.EMAIL
        form = (Goodbye if has_password else Farewell)(data=request.data)
        form.is_valid(raise_exception=True)
        if has_password and not user.check_password(form.validated_data["current_password"]):
            raise errors.invalid("Invalid password.", "current_password")
        orphans = form.validated_data["delete_orphan_organisations"]
        users.delete(user, delete_orphan_organisations=orphans, by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, *, partial: bool) -> Response:
        user = user_of(request)
        form = OwnAccountSerializer(user, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        users.update(user, by=actor_of(request), **form.validated_data)
        return Response(OwnAccountSerializer(user).data)


class OwnOnboarding(APIView):
    def patch(self, request: Request) -> Response:
        user = user_of(request)
        form = OnboardingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        users.merge_onboarding(user, form.to_be_kept(now=datetime.now(UTC)))
        return Response(status=204)


urlpatterns = [
    path("auth/users/", Users),
    path("auth/users/me/", OwnAccount),
    path("auth/users/me/onboarding/", OwnOnboarding),
]
