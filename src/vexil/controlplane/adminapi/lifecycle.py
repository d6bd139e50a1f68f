"""How many features are new, in use, stale or can go."""

from datetime import UTC, datetime

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import lifecycle


class LifecycleCounts(APIView):
    def get(self, request: Request, environment_id: int) -> Response:
        environment = lookups.environment_by_id(actor_of(request), environment_id)
        return Response(lifecycle.counts(environment, now=datetime.now(UTC)))


urlpatterns = [path("environments/<id:environment_id>/feature-lifecycle-counts/", LifecycleCounts)]
