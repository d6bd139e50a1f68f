"""Webhooks of environments and organisations; only their admins see them, since a webhook holds a secret."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import webhooks as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Organisation, Webhook
from vexil.controlplane.integrations import outgoing
from vexil.controlplane.integrations.addresses import InternalAddress
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import webhooks as queries


def _check_scheme(value: str) -> None:
    if not value.lower().startswith(("http://", "https://")):
        raise serializers.ValidationError("Enter a valid http(s) URL.")


class OutsideUrl(serializers.URLField):
    """An http or https URL that does not lead into an internal network."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=200, validators=[_check_scheme], **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        url = super().run_validation(data)
        if not url:
            return url
        try:
            outgoing.check(url, allow_internal=settings.VEXIL.webhooks_may_be_internal)
        except InternalAddress:
            raise serializers.ValidationError("URLs must not target internal or private network addresses.") from None
        except ValueError:
            raise serializers.ValidationError("Enter a valid URL.") from None
        return url


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    url = OutsideUrl()

    class Meta:
        model = Webhook
        fields = ["id", "url", "enabled", "secret", "created_at", "updated_at"]


class WebhooksOfEnvironment(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        webhooks = queries.of_environment(lookups.administered_environment(actor_of(request), api_key))
        return Response(WebhookSerializer(webhooks, many=True).data)

    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        return _create(request, lookups.administered_environment(by, api_key), by)


class OneWebhookOfEnvironment(APIView):
    def put(self, request: Request, **named: Any) -> Response:
        return _update(request, of_environment(actor_of(request), **named), partial=False)

    def patch(self, request: Request, **named: Any) -> Response:
        return _update(request, of_environment(actor_of(request), **named), partial=True)

    def delete(self, request: Request, **named: Any) -> Response:
        return _delete(request, of_environment(actor_of(request), **named))


class WebhooksOfOrganisation(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        pages = Pages()
        webhooks = queries.of_organisation(_organisation(actor_of(request), organisation))
        page = pages.paginate_queryset(webhooks, request, view=self) or []
        return pages.get_paginated_response(WebhookSerializer(page, many=True).data)

    def post(self, request: Request, organisation: str) -> Response:
        by = actor_of(request)
        return _create(request, _organisation(by, organisation), by)


class OneWebhookOfOrganisation(APIView):
    def get(self, request: Request, **named: Any) -> Response:
        return Response(WebhookSerializer(of_organisation(actor_of(request), **named)).data)

    def put(self, request: Request, **named: Any) -> Response:
        return _update(request, of_organisation(actor_of(request), **named), partial=False)

    def patch(self, request: Request, **named: Any) -> Response:
        return _update(request, of_organisation(actor_of(request), **named), partial=True)

    def delete(self, request: Request, **named: Any) -> Response:
        return _delete(request, of_organisation(actor_of(request), **named))


def of_environment(by: Actor, api_key: str, webhook_id: int) -> Webhook:
    """A webhook of an environment that the caller administers."""
    environment = lookups.administered_environment(by, api_key)
    webhook = queries.of_environment(environment).filter(pk=webhook_id).first()
    if webhook is None:
        raise errors.no_match("Webhook")
    return webhook


def of_organisation(by: Actor, organisation: str, webhook_id: int) -> Webhook:
    """A webhook of an organisation that the caller administers."""
    webhook = queries.of_organisation(_organisation(by, organisation)).filter(pk=webhook_id).first()
    if webhook is None:
        raise errors.no_match("OrganisationWebhook")
    return webhook


def _organisation(by: Actor, id_text: str) -> Organisation:
    try:
        return lookups.administered_organisation(by, id_text)
    except PermissionDenied:
        raise PermissionDenied("User does not have sufficient privileges to perform this action") from None


def _create(request: Request, place: Environment | Organisation, by: Actor) -> Response:
    form = WebhookSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    webhook = actions.create(place, by=by, **form.validated_data)
    # compat: the place of the new thing is said to be the URL that it calls.
    return Response(WebhookSerializer(webhook).data, status=201, headers={"Location": webhook.url})


def _update(request: Request, webhook: Webhook, *, partial: bool) -> Response:
    form = WebhookSerializer(webhook, data=request.data, partial=partial)
    form.is_valid(raise_exception=True)
    return Response(WebhookSerializer(actions.update(webhook, by=actor_of(request), **form.validated_data)).data)


def _delete(request: Request, webhook: Webhook) -> Response:
    actions.delete(webhook, by=actor_of(request))
    return Response(status=204)


OF_ENVIRONMENT = "environments/<str:api_key>/webhooks/"
OF_ORGANISATION = "organisations/<str:organisation>/webhooks/"

urlpatterns = [
    path(OF_ENVIRONMENT, WebhooksOfEnvironment),
    path(f"{OF_ENVIRONMENT}<id:webhook_id>/", OneWebhookOfEnvironment),
    path(OF_ORGANISATION, WebhooksOfOrganisation),
    path(f"{OF_ORGANISATION}<id:webhook_id>/", OneWebhookOfOrganisation),
]
