"""How much an organisation and a feature are used."""

from datetime import UTC, date, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import features, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.throttling import INFLUX_QUERY
from vexil.controlplane.db.models import Environment, Feature, Organisation, Subscription
from vexil.controlplane.queries import billing
from vexil.controlplane.queries import usage as queries
from vexil.controlplane.queries.usage import DayOfUsage, Labels, Requests, Span

DEFAULT_DAYS = 30
_DAYS_MAX = 366
_ID_MAX = 2**63 - 1
_CURRENT, _PREVIOUS, _NINETY_DAYS = "current_billing_period", "previous_billing_period", "90_day_period"


class _LabelsQuery(serializers.Serializer[Any]):
    user_agent = serializers.CharField(required=False)
    client_application_name = serializers.CharField(required=False)
    client_application_version = serializers.CharField(required=False)

    def labels(self) -> Labels:
        named = ("user_agent", "client_application_name", "client_application_version")
        return Labels(**{name: self.validated_data.get(name) for name in named})


class UsageQuery(_LabelsQuery):
    project_id = serializers.IntegerField(required=False, min_value=0, max_value=_ID_MAX)
    environment_id = serializers.IntegerField(required=False, min_value=0, max_value=_ID_MAX)
    period = serializers.ChoiceField(choices=(_CURRENT, _PREVIOUS, _NINETY_DAYS), required=False)


class EvaluationQuery(_LabelsQuery):
    environment_id = serializers.IntegerField(min_value=0, max_value=_ID_MAX)
    period = serializers.IntegerField(min_value=1, max_value=_DAYS_MAX, default=DEFAULT_DAYS)


class _Throttled(APIView):
    throttle_scopes = {"GET": INFLUX_QUERY}


class UsageData(_Throttled):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.organisation_above(actor_of(request), organisation)
        form = UsageQuery(data=request.query_params)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        ids = queries.environment_ids(
            found, project_id=asked.get("project_id"), environment_id=asked.get("environment_id")
        )
        span = _span(found, asked.get("period"), datetime.now(UTC))
        return Response([_shown(row) for row in queries.by_labels(ids, span, form.labels())])


class UsageTotal(_Throttled):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.organisation_above(actor_of(request), organisation)
        count = queries.of_organisation(found, queries.last_days(DEFAULT_DAYS, datetime.now(UTC)))
        if count is None:
            # compat: nothing recorded yet is a failure of validation.
            raise ValidationError({"count": ["This field may not be null."]})
        return Response({"count": count})


class DeprecatedUsage(_Throttled):
    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        return Response({"events": queries.of_organisation(found, _default_span()) or 0})


class DeprecatedUsageData(_Throttled):
    """The older form: one entry per day, resources with a capital letter."""

    def get(self, request: Request, organisation: str) -> Response:
        found = lookups.administered_organisation(actor_of(request), organisation)
        rows = queries.by_labels(queries.environment_ids(found), _default_span())
        days = sorted({row.day for row in rows})
        totals = {day: queries.added(row for row in rows if row.day == day) for day in days}
        return Response({"events_list": [_older(day, requests) for day, requests in totals.items()]})


class EvaluationData(_Throttled):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature, environment, form = _evaluated(request, project_id, feature_id)
        span = queries.last_days(form.validated_data["period"], datetime.now(UTC))
        rows = queries.evaluations(environment, feature, span, form.labels())
        return Response([{"day": row.day, "count": row.count, "labels": _said(row.labels)} for row in rows])


class DeprecatedEvaluationData(_Throttled):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature, environment, _ = _evaluated(request, project_id, feature_id)
        totals: dict[date, int] = {}
        for row in queries.evaluations(environment, feature, _default_span()):
            totals[row.day] = totals.get(row.day, 0) + row.count
        return Response({"events_list": [{"datetime": day, feature.name: count} for day, count in totals.items()]})


def _span(organisation: Organisation, period: str | None, now: datetime) -> Span:
    month = {_CURRENT: billing.current_month, _PREVIOUS: billing.previous_month}.get(period or "")
    if month:
        return month(Subscription.objects.get(organisation=organisation), now)
    return queries.last_days(90 if period == _NINETY_DAYS else DEFAULT_DAYS, now)


def _default_span() -> Span:
    return queries.last_days(DEFAULT_DAYS, datetime.now(UTC))


def _evaluated(request: Request, project_id: int, feature_id: int) -> tuple[Feature, Environment, EvaluationQuery]:
    by = actor_of(request)
    feature = features.find(by, project_id, feature_id)
    form = EvaluationQuery(data=request.query_params)
    form.is_valid(raise_exception=True)
    environment = lookups.environment_by_id(by, form.validated_data["environment_id"])
    if environment.project_id != feature.project_id:
        raise NotFound("The environment is of another project than the feature.")
    return feature, environment, form


def _shown(row: DayOfUsage) -> dict[str, Any]:
    requests = row.requests
    return {
        "day": row.day,
        "flags": requests.flags,
        "identities": requests.identities,
        "traits": requests.traits,
        "environment_document": requests.environment_document,
        "labels": _said(row.labels),
    }


def _said(labels: Labels) -> dict[str, str]:
    named = {
        "user_agent": labels.user_agent,
        "client_application_name": labels.client_application_name,
        "client_application_version": labels.client_application_version,
    }
    return {name: value for name, value in named.items() if value is not None}


def _older(day: date, requests: Requests) -> dict[str, Any]:
    return {
        "name": day,
        "Flags": requests.flags,
        "Identities": requests.identities,
        "Traits": requests.traits,
        "Environment-document": requests.environment_document,
    }


_ORGANISATION = "organisations/<str:organisation>"
_FEATURE = "projects/<id:project_id>/features/<id:feature_id>"

urlpatterns = [
    path(f"{_ORGANISATION}/usage-data/", UsageData),
    path(f"{_ORGANISATION}/usage-data/total-count/", UsageTotal),
    path(f"{_ORGANISATION}/usage/", DeprecatedUsage),
    path(f"{_ORGANISATION}/influx-data/", DeprecatedUsageData),
    path(f"{_FEATURE}/evaluation-data/", EvaluationData),
    path(f"{_FEATURE}/influx-data/", DeprecatedEvaluationData),
]
