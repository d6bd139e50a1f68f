"""An overview of all organisations that a person administers; somebody who administers none sees zeros."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.authentication import user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import hub, hub_organisations, plans
from vexil.controlplane.queries.hub_organisations import OrganisationNumbers, ProjectNumbers


class Period(serializers.Serializer[None]):
    days = serializers.ChoiceField(choices=hub.PERIODS, default=30)


class Summary(APIView):
    def get(self, request: Request) -> Response:
        return Response(hub.summary(_organisation_ids(request), now=datetime.now(UTC), days=_days(request)))


class Organisations(APIView):
    def get(self, request: Request) -> Response:
        _days(request)
        found = hub_organisations.numbers(_organisation_ids(request), now=datetime.now(UTC))
        return Response([_organisation_json(numbers) for numbers in found])


class UsageTrends(APIView):
    def get(self, request: Request) -> Response:
        trends = hub.usage_trends(_organisation_ids(request), now=datetime.now(UTC), days=_days(request))
        return Response(
            [
                {
                    "date": trend.day.date(),
                    "api_calls": trend.calls,
                    "flag_evaluations": trend.flags,
                    "identity_requests": trend.identities,
                }
                for trend in trends
            ]
        )


class StaleFlags(APIView):
    def get(self, request: Request) -> Response:
        _days(request)
        found = hub.stale_flags(_organisation_ids(request), now=datetime.now(UTC))
        return Response(
            [
                {
                    "organisation_id": entry.project.organisation_id,
                    "organisation_name": entry.project.organisation.name,
                    "project_id": entry.project.pk,
                    "project_name": entry.project.name,
                    "stale_flags": entry.stale,
                    "total_flags": entry.total,
                }
                for entry in found
            ]
        )


class Integrations(APIView):
    def get(self, request: Request) -> Response:
        _days(request)
        return Response(
            [
                {
                    "organisation_id": entry.organisation_id,
                    "organisation_name": entry.organisation_name,
                    "integration_type": entry.kind,
                    "scope": entry.scope,
                    "count": entry.count,
                }
                for entry in hub.integrations(_organisation_ids(request))
            ]
        )


class Nothing(APIView):
    """Lists of what this installation does not have."""

    def get(self, request: Request) -> Response:
        user_of(request)
        _days(request)
        return Response([])


def _organisation_json(numbers: OrganisationNumbers) -> dict[str, Any]:
    organisation, calls = numbers.organisation, numbers.calls
    allowed = plans.of(organisation.subscription).max_api_calls
    return {
        "id": organisation.pk,
        "name": organisation.name,
        "created_date": organisation.created_date,
        "total_flags": numbers.flags,
        "active_flags": numbers.flags - numbers.stale_flags,
        "stale_flags": numbers.stale_flags,
        "total_users": numbers.people.all,
        "active_users_30d": numbers.people.active,
        "admin_users": numbers.people.admins,
        **{f"api_calls_{days}d": calls[days].total() for days in hub.PERIODS},
        "api_calls_allowed": allowed,
        "flag_evaluations_30d": calls[30][hub.FLAGS],
        "identity_requests_30d": calls[30][hub.IDENTITIES],
        **{f"overage_{days}d": max(0, calls[days].total() - allowed * days // 30) for days in hub.PERIODS},
        "project_count": len(numbers.projects),
        "environment_count": sum(len(project.environments) for project in numbers.projects),
        "integration_count": numbers.integrations,
        "projects": [_project_json(project) for project in numbers.projects],
    }


def _project_json(numbers: ProjectNumbers) -> dict[str, Any]:
    calls = numbers.calls[30]
    environments = [
        {
            "id": entry.environment.pk,
            "name": entry.environment.name,
            "api_calls_30d": entry.calls[30].total(),
            "flag_evaluations_30d": entry.calls[30][hub.FLAGS],
        }
        for entry in numbers.environments
    ]
    return {
        "id": numbers.project.pk,
        "name": numbers.project.name,
        "api_calls_30d": calls.total(),
        "flag_evaluations_30d": calls[hub.FLAGS],
        "flags": numbers.flags,
        "environments": environments,
    }


def _organisation_ids(request: Request) -> list[int]:
    return hub.administered_by(user_of(request))


def _days(request: Request) -> int:
    form = Period(data=request.query_params)
    form.is_valid(raise_exception=True)
    days: int = form.validated_data["days"]
    return days


urlpatterns = [
    path("admin/dashboard/summary/", Summary),
    path("admin/dashboard/organisations/", Organisations),
    path("admin/dashboard/usage-trends/", UsageTrends),
    path("admin/dashboard/stale-flags/", StaleFlags),
    path("admin/dashboard/integrations/", Integrations),
    path("admin/dashboard/release-pipelines/", Nothing),
]
