"""The plan of an organisation, and what it was told of its usage. Plans are changed by the operator alone."""

from datetime import UTC, datetime
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
from vexil.controlplane.db.models import Subscription, UsageNotice
from vexil.controlplane.queries import billing as queries
from vexil.controlplane.queries import plans

_NO_SUBSCRIPTION = {"detail": "Organisation has no subscription"}


class SubscriptionMetadata(APIView):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        plan = plans.of(Subscription.objects.get(organisation=found))
        limited = ("max_projects", "feature_history_visibility_days", "audit_log_visibility_days")
        limits = {name: getattr(plan, name) if plans.has_billing() else None for name in limited}
        unbilled = dict.fromkeys(("payment_source", "chargebee_email"))
        return Response({"max_seats": plan.max_seats, "max_api_calls": plan.max_api_calls, **limits, **unbilled})


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
    """The newest notice of the current period."""

    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.joined_organisation(actor_of(request), organisation)
        newest = queries.newest_notice(Subscription.objects.get(organisation=found), datetime.now(UTC))
        pages = Pages()
        return pages.get_paginated_response([_notice(row) for row in pages.paginate_queryset(newest, request) or []])


def _notice(row: UsageNotice) -> dict[str, Any]:
    return {
        "organisation_id": row.organisation_id,
        "percent_usage": row.percent_usage,
        "notified_at": row.notified_at,
    }


_ORGANISATION = "organisations/<str:organisation>"

urlpatterns = [
    path(f"{_ORGANISATION}/get-subscription-metadata/", SubscriptionMetadata),
    path(f"{_ORGANISATION}/portal-url/", PortalUrl),
    path(f"{_ORGANISATION}/get-hosted-page-url-for-subscription-upgrade/", UpgradePage),
    path(f"{_ORGANISATION}/update-subscription/", UpdateSubscription),
    path(f"{_ORGANISATION}/api-usage-notification/", UsageNotifications),
]
