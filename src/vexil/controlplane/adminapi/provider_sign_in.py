"""Logging in with Google or GitHub: a browser brings what the provider gave it, and we ask the provider who that is."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import provider_sign_in
from vexil.controlplane.adminapi import sessions, throttling
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models.users import AuthType
from vexil.controlplane.integrations import identity_providers
from vexil.controlplane.integrations.identity_providers import Person, ProviderFailed
from vexil.controlplane.queries import second_factors


class ProviderSignIn(serializers.Serializer[None]):
    """`access_token` holds Google's access token or GitHub's code."""

    access_token = serializers.CharField()
    sign_up_type = serializers.ChoiceField(choices=sessions.SIGN_UP_TYPES, required=False, allow_null=True)
    invite_hash = serializers.CharField(required=False, allow_blank=True, allow_null=True)
    marketing_consent_given = serializers.BooleanField(required=False)


class _SignIn(APIView):
    permission_classes = [AllowAny]
    throttle_scopes = {"POST": throttling.LOGIN}
    provider: AuthType

    def post(self, request: Request) -> Response:
        form = ProviderSignIn(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        try:
            person = self.person(given.pop("access_token"))
        except ProviderFailed:
            return Response({"message": f"An error occurred authenticating with {self.provider}"}, status=502)
        invite_hash = given.pop("invite_hash", None) or ""
        user, is_new = provider_sign_in.sign_in(self.provider, person, invite_hash=invite_hash, **given)
        if not user.is_active:
            raise PermissionDenied
        if second_factors.has_one(user):
            return sessions.second_step(user)
        response = sessions.logged_in(user)
        if response.data is not None:
            response.data["is_new_user"] = is_new
        return response

    def person(self, token: str) -> Person:
        raise NotImplementedError


class GoogleSignIn(_SignIn):
    provider = AuthType.GOOGLE

    def person(self, token: str) -> Person:
        return identity_providers.google(token)


class GithubSignIn(_SignIn):
    provider = AuthType.GITHUB

    def person(self, token: str) -> Person:
        ours = settings.VEXIL
        return identity_providers.github(
            token, client_id=ours.github_client_id, client_secret=ours.github_client_secret
        )


urlpatterns = [path("auth/oauth/google/", GoogleSignIn), path("auth/oauth/github/", GithubSignIn)]
