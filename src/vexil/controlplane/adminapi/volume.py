"""How much is in a project and in an environment's document, and what makes it large."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.queries import volume as queries
from vexil.controlplane.queries.volume import Fill


class ProjectVolume(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        found = queries.of_project(lookups.project(actor_of(request), project_id))
        return Response(
            {
                "features": _fill(found.features),
                "archived_features": found.archived_features,
                "segments": _fill(found.segments),
                "segment_overrides": [
                    {"environment": environment.pk, "name": environment.name, **_fill(fill)}
                    for environment, fill in found.segment_overrides
                ],
            }
        )


class EnvironmentVolume(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment = lookups.environment(actor_of(request), api_key)
        found = queries.of_environment(environment, now=datetime.now(UTC))
        if found is None:
            raise errors.no_match("Snapshot")
        return Response(asdict(found))


def _fill(fill: Fill) -> dict[str, Any]:
    return {"count": fill.count, "limit": fill.limit}


urlpatterns = [
    path("projects/<id:project_id>/volume/", ProjectVolume),
    path("environments/<str:api_key>/volume/", EnvironmentVolume),
]
