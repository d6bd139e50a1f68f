"""Trying a URL before a webhook is made of it."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import webhook_messages
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.webhooks import OutsideUrl
from vexil.controlplane.integrations import outgoing, webhooks
from vexil.controlplane.permissions import Actor

_SWITCHED_OFF = "Webhooks are switched off (DISABLE_WEBHOOKS)."


class _Trial(serializers.Serializer[Any]):
    webhook_url = OutsideUrl()
    secret = serializers.CharField(required=False, allow_blank=True, allow_null=True, max_length=255)


class WebhookTrial(APIView):
    def post(self, request: Request) -> Response:
        _check_scope(actor_of(request), body_of(request).get("scope"))
        form = _Trial(data=request.data)
        form.is_valid(raise_exception=True)
        if settings.VEXIL.disable_webhooks:
            return _failed(_SWITCHED_OFF)
        try:
            answer = _send(form.validated_data)
        except outgoing.Unreachable as error:
            return _failed(str(error))
        if not 200 <= answer.status < 300:
            refusal = {"detail": "Webhook returned error status", "body": answer.body, "status": answer.status}
            return Response(refusal, status=400)
        return Response({"detail": "Webhook test successful", "status": answer.status})


def _send(wanted: dict[str, Any]) -> outgoing.Answer:
    return webhooks.send(
        wanted["webhook_url"],
        wanted.get("secret") or "",
        webhook_messages.example(),
        allow_internal=settings.VEXIL.webhooks_may_be_internal,
    )


def _failed(reason: str) -> Response:
    return Response({"detail": "Could not connect to webhook URL", "body": reason}, status=400)


def _check_scope(by: Actor, scope: Any) -> None:
    """Only where the caller could add a webhook; else, and for what is no scope at all, 403."""
    named = scope if isinstance(scope, dict) else {}
    scope_id = str(named.get("id", ""))
    if named.get("type") == "environment":
        lookups.administered_environment(by, scope_id)
    elif named.get("type") == "organisation" and scope_id.isascii() and scope_id.isdigit():
        lookups.administered_organisation(by, scope_id)
    else:
        raise PermissionDenied


urlpatterns = [path("webhooks/test/", WebhookTrial)]
