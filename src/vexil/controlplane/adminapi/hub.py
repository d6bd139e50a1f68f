"""An overview of all organisations that a person administers; somebody who administers none sees zeros."""

from datetime import UTC, datetime

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi.authentication import user_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import hub


class Period(serializers.Serializer[None]):
    days = serializers.ChoiceField(choices=(30, 60, 90), default=30)


class Summary(APIView):
    def get(self, request: Request) -> Response:
        organisation_ids = hub.administered_by(user_of(request))
        return Response(hub.summary(organisation_ids, now=datetime.now(UTC), days=_days(request)))


class Nothing(APIView):
    """Lists of what this installation does not have."""

    def get(self, request: Request) -> Response:
        user_of(request)
        _days(request)
        return Response([])


def _days(request: Request) -> int:
    form = Period(data=request.query_params)
    form.is_valid(raise_exception=True)
    days: int = form.validated_data["days"]
    return days


urlpatterns = [
    path("admin/dashboard/summary/", Summary),
    path("admin/dashboard/integrations/", Nothing),
    path("admin/dashboard/release-pipelines/", Nothing),
]
