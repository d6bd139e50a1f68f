"""Imports of LaunchDarkly projects."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import launch_darkly_imports as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import LaunchDarklyImport
from vexil.controlplane.permissions import CREATE_ENVIRONMENT
from vexil.controlplane.queries import launch_darkly_imports as queries


class WantedLaunchDarklyImport(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=2000)
    project_key = serializers.CharField(max_length=2000)


class LaunchDarklyImports(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.project_to_add_to(actor_of(request), project_id, CREATE_ENVIRONMENT)
        return Response([_json(row) for row in queries.of_project(project)])

    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, CREATE_ENVIRONMENT)
        form = WantedLaunchDarklyImport(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_json(actions.request(project, by=by, **form.validated_data)), status=201)


class OneLaunchDarklyImport(APIView):
    def get(self, request: Request, project_id: int, import_id: int) -> Response:
        project = lookups.project_to_add_to(actor_of(request), project_id, CREATE_ENVIRONMENT)
        found = queries.of_project(project).filter(pk=import_id).first()
        if found is None:
            raise errors.no_match("LaunchDarklyImportRequest")
        return Response(_json(found))


def _json(row: LaunchDarklyImport) -> dict[str, Any]:
    return {
        "id": row.pk,
        "created_by": row.user.email if row.user else None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "completed_at": row.completed_at,
        "status": {
            "requested_environment_count": row.environments,
            "requested_flag_count": row.flags,
            "deprecated_flag_count": row.deprecated_flags,
            "result": row.result or None,
            "error_messages": row.error_messages,
        },
        "project": row.project_id,
    }


_IMPORTS = "projects/<id:project_id>/imports/launch-darkly/"

urlpatterns = [
    path(_IMPORTS, LaunchDarklyImports),
    path(f"{_IMPORTS}<id:import_id>/", OneLaunchDarklyImport),
]
