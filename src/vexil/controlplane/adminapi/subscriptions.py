"""The plan of an organisation. Nobody is billed here, so most of this says that there is nothing."""

from typing import Any, NoReturn

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Subscription

_NO_SUBSCRIPTION = {"detail": "Organisation has no subscription"}


class SubscriptionMetadata(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        plan = Subscription.objects.get(organisation=found)
        unlimited = ("max_projects", "feature_history_visibility_days", "audit_log_visibility_days")
        unbilled = ("payment_source", "chargebee_email")
        limits = {"max_seats": plan.max_seats, "max_api_calls": plan.max_api_calls}
        return Response({**limits, **dict.fromkeys((*unlimited, *unbilled))})


class PortalUrl(APIView):
    def get(self, request: Request, organisation: str) -> NoReturn:
        lookups.administered_organisation(actor_of(request), organisation)
        raise ValidationError(_NO_SUBSCRIPTION)


class UpgradePage(APIView):
    def post(self, request: Request, organisation: str) -> NoReturn:
        lookups.administered_organisation(actor_of(request), organisation)
        raise ValidationError(_NO_SUBSCRIPTION)


class _HostedPage(serializers.Serializer[Any]):
    hosted_page_id = serializers.CharField()


class UpdateSubscription(APIView):
    def post(self, request: Request, organisation: str) -> NoReturn:
        lookups.administered_organisation(actor_of(request), organisation)
        _HostedPage(data=request.data).is_valid(raise_exception=True)
        raise ValidationError(_NO_SUBSCRIPTION)


class UsageNotifications(APIView):
    """Nobody is warned of a limit, since there is none."""

    def get(self, request: Request, organisation: str) -> Response:
        lookups.joined_organisation(actor_of(request), organisation)
        pages = Pages()
        return pages.get_paginated_response(pages.paginate_queryset(Subscription.objects.none(), request) or [])


_ORGANISATION = "organisations/<str:organisation>"

urlpatterns = [
    path(f"{_ORGANISATION}/get-subscription-metadata/", SubscriptionMetadata),
    path(f"{_ORGANISATION}/portal-url/", PortalUrl),
    path(f"{_ORGANISATION}/get-hosted-page-url-for-subscription-upgrade/", UpgradePage),
    path(f"{_ORGANISATION}/update-subscription/", UpdateSubscription),
    path(f"{_ORGANISATION}/api-usage-notification/", UsageNotifications),
]
