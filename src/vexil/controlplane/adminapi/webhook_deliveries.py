"""What was sent to a webhook, and sending it again. The reference has no such paths; these are ours."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import deliveries as actions
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.webhooks import OF_ENVIRONMENT, OF_ORGANISATION, of_environment, of_organisation
from vexil.controlplane.db.models import DeliveryStatus, Webhook, WebhookDelivery


def _list(request: Request, webhook: Webhook) -> Response:
    """Newest first."""
    pages = SizedPages()
    page = pages.paginate_queryset(webhook.deliveries.order_by("-pk"), request) or []
    return pages.get_paginated_response([delivery_json(delivery) for delivery in page])


def _replay(request: Request, webhook: Webhook, delivery_id: int) -> Response:
    delivery = webhook.deliveries.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None:
        raise errors.no_match("WebhookDelivery")
    return Response(delivery_json(actions.replay(delivery, by=actor_of(request))), status=202)


class DeliveriesOfEnvironment(APIView):
    def get(self, request: Request, **named: Any) -> Response:
        return _list(request, of_environment(actor_of(request), **named))


class ReplayOfEnvironment(APIView):
    def post(self, request: Request, delivery_id: int, **named: Any) -> Response:
        return _replay(request, of_environment(actor_of(request), **named), delivery_id)


class DeliveriesOfOrganisation(APIView):
    def get(self, request: Request, **named: Any) -> Response:
        return _list(request, of_organisation(actor_of(request), **named))


class ReplayOfOrganisation(APIView):
    def post(self, request: Request, delivery_id: int, **named: Any) -> Response:
        return _replay(request, of_organisation(actor_of(request), **named), delivery_id)


def delivery_json(delivery: WebhookDelivery) -> dict[str, Any]:
    is_pending = delivery.status == DeliveryStatus.PENDING
    return {
        "id": delivery.pk,
        "uuid": delivery.uuid,
        "event_type": delivery.event_type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at if is_pending else None,
        "response_status": delivery.response_status,
        "error": delivery.error,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
        "replay_of": delivery.replay_of_id,
        "body": delivery.body,
    }


_DELIVERIES = "<id:webhook_id>/deliveries/"
_REPLAY = f"{_DELIVERIES}<id:delivery_id>/replay/"

urlpatterns = [
    path(f"{OF_ENVIRONMENT}{_DELIVERIES}", DeliveriesOfEnvironment),
    path(f"{OF_ENVIRONMENT}{_REPLAY}", ReplayOfEnvironment),
    path(f"{OF_ORGANISATION}{_DELIVERIES}", DeliveriesOfOrganisation),
    path(f"{OF_ORGANISATION}{_REPLAY}", ReplayOfOrganisation),
]
