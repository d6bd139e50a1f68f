"""Slack's part of an environment's integration: letting it give us a token, and choosing a channel.

A person starts in the dashboard: it fetches a signature, and sends the browser to `oauth/` with it. Slack sends the
browser back to `callback/`, with the state that we signed.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpResponseRedirect
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import integrations as actions
from vexil.controlplane.actions import slack_channels as actions_of_slack
from vexil.controlplane.actions.slack_channels import SALT, SECONDS, NoToken, SlackRefused
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, User
from vexil.controlplane.integrations.slack import channel as slack
from vexil.controlplane.permissions import Actor

_COOKIE = "slack_state"


class _ChannelsQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(default=20, min_value=1, max_value=1000)
    cursor = serializers.CharField(default="", allow_blank=True)


class _OauthQuery(serializers.Serializer[Any]):
    redirect_url = serializers.URLField()
    signature = serializers.CharField()


class Channels(APIView):
    def get(self, request: Request, place: str) -> Response:
        environment = lookups.environment(actor_of(request), place)
        form = _ChannelsQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        token = _token(environment)
        found = actions_of_slack.ask(slack.channels_request(settings.VEXIL.slack_api_url, token, **form.validated_data))
        return Response(slack.channels_json(found))


class Signature(APIView):
    def get(self, request: Request, place: str) -> Response:
        by = actor_of(request)
        lookups.administered_environment(by, place)
        if by.user is None:
            raise PermissionDenied
        return Response({"signature": actions_of_slack.signature(by.user, place)})


class Oauth(APIView):
    """Opened by a browser, which has no token to send: the signature says who sent it."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request, place: str) -> HttpResponseRedirect:
        form = _OauthQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        signed = _unsigned(asked["signature"])
        if signed is None or signed.get("environment") != place:
            raise PermissionDenied("The signature is wrong or older than ten minutes.")
        _client()
        state = signing.dumps({**signed, "redirect_url": asked["redirect_url"]}, salt=SALT)
        callback = request.build_absolute_uri("../callback/")
        answer = HttpResponseRedirect(slack.authorize_url(_client()[0], redirect_url=callback, state=state))
        secure = request.is_secure()
        answer.set_cookie(_COOKIE, state, max_age=SECONDS, httponly=True, secure=secure, samesite="Lax")
        return answer


class Callback(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request, place: str) -> HttpResponseRedirect:
        state, code = request.query_params.get("state", ""), request.query_params.get("code")
        signed = _unsigned(state) if state == request.COOKIES.get(_COOKIE) else None
        if signed is None or signed.get("environment") != place or "redirect_url" not in signed:
            raise PermissionDenied("This was not started in this browser in the last ten minutes.")
        if not code:
            raise ValidationError({"detail": "code not found in query params"})
        by = Actor(user=User.objects.filter(pk=signed["user"], is_active=True).first())
        environment = lookups.administered_environment(by, place)
        callback = request.build_absolute_uri(request.path)
        asked = slack.token_request(settings.VEXIL.slack_api_url, client=_client(), code=code, redirect_url=callback)
        actions.keep_slack_token(environment.project, actions_of_slack.ask(asked)["access_token"], by=by)
        answer = HttpResponseRedirect(signed["redirect_url"])
        answer.delete_cookie(_COOKIE)
        return answer


def join(place: Any, channel_id: str) -> None:
    """The bot must be in a channel to write there; raise a refusal where it cannot be."""
    try:
        actions_of_slack.join(place, channel_id)
    except NoToken as error:
        raise ValidationError({"detail": str(error)}) from None
    except SlackRefused as error:
        raise ValidationError({"channel_id": [str(error)]}) from None


def _token(environment: Environment) -> str:
    try:
        return actions_of_slack.token(environment)
    except NoToken as error:
        raise ValidationError({"detail": str(error)}) from None


def _client() -> tuple[str, str]:
    config = settings.VEXIL
    for variable, value in (
        ("SLACK_CLIENT_ID", config.slack_client_id),
        ("SLACK_CLIENT_SECRET", config.slack_client_secret),
    ):
        if not value:
            raise ValidationError({"detail": f"Slack is not configured: set {variable}."})
    return config.slack_client_id, config.slack_client_secret


def _unsigned(text: str) -> dict[str, Any] | None:
    try:
        found = signing.loads(text, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    url = found.get("redirect_url")
    return found if url is None or urlsplit(url).scheme in {"http", "https"} else None


_OWN = "environments/<str:place>/integrations/"

urlpatterns = [
    path(f"{_OWN}slack-channels/", Channels),
    path(f"{_OWN}slack/signature/", Signature),
    path(f"{_OWN}slack/oauth/", Oauth),
    path(f"{_OWN}slack/callback/", Callback),
]
