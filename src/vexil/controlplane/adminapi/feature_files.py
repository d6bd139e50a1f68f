"""Features of an environment as a file: exports, imports and their lists."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_files as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import FeatureExport, FeatureImport
from vexil.controlplane.db.models.feature_files import FileStatus, ImportStrategy
from vexil.controlplane.queries import environments as environment_queries
from vexil.controlplane.queries import feature_files as queries

FILE_BYTES_MAX = 1_000_000


class WantedExport(serializers.Serializer[Any]):
    environment_id = Id()
    tag_ids = serializers.ListField(child=Id())


class WantedImport(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)
    strategy = serializers.ChoiceField(choices=ImportStrategy.values)

    def validate_file(self, file: Any) -> Any:
        if file.size > FILE_BYTES_MAX:
            raise serializers.ValidationError("File size is too large.")
        return file


class CreateExport(APIView):
    def post(self, request: Request) -> Response:
        by = actor_of(request)
        form = WantedExport(data=request.data)
        form.is_valid(raise_exception=True)
        environment = lookups.environment_by_id(by, form.validated_data["environment_id"])
        if not permissions.is_environment_admin(by, environment):
            raise PermissionDenied
        return Response(_export_json(actions.request_export(environment, _tag_ids(form), by=by)), status=201)


class DownloadExport(APIView):
    def get(self, request: Request, export_id: int) -> HttpResponse:
        export = FeatureExport.objects.select_related("environment").filter(pk=export_id).first()
        if export is None:
            raise errors.no_match("FeatureExport")
        environment = environment_queries.live().filter(pk=export.environment_id).first()
        if environment is None:
            raise errors.no_match("FeatureExport")
        if not permissions.is_environment_admin(actor_of(request), environment):
            raise PermissionDenied
        if export.status != FileStatus.SUCCESS:
            raise ValidationError({"detail": _NOT_READY[export.status]})
        name = f"feature_export.{export.created_at:%Y-%m-%d_%H-%M}.json"
        answer = HttpResponse(export.content, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


class CreateImport(APIView):
    def post(self, request: Request, environment_id: int) -> Response:
        by = actor_of(request)
        environment = environment_queries.live().filter(pk=environment_id).first()
        if environment is None or not permissions.is_organisation_admin(by, environment.project.organisation):
            raise PermissionDenied
        form = WantedImport(data=request.data)
        form.is_valid(raise_exception=True)
        # Whatever the file holds, the answer is 201; the task runner finds out.
        content = form.validated_data["file"].read().decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        strategy = form.validated_data["strategy"]
        return Response(_import_json(actions.request_import(environment, content, strategy=strategy, by=by)), 201)


class Exports(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        found = queries.exports_of(by, lookups.listed_project(by, project_id))
        pages = Pages()
        page = pages.paginate_queryset(found.defer("content"), request, view=self) or []
        return pages.get_paginated_response([_export_json(export) for export in page])


class Imports(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        found = queries.imports_of(by, lookups.listed_project(by, project_id))
        pages = Pages()
        page = pages.paginate_queryset(found.defer("content"), request, view=self) or []
        return pages.get_paginated_response([_import_json(wanted) for wanted in page])


class FlagsmithOnFlagsmith(APIView):
    """What a hosted installation offers its own front end."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def get(self, _request: Request) -> Response:
        return Response({"detail": "This system is not configured for this download."}, status=404)


_NOT_READY: dict[str, str] = {
    FileStatus.PROCESSING: "The export is still being made.",
    FileStatus.FAILED: "The export failed.",
}


def _tag_ids(form: WantedExport) -> list[int]:
    tag_ids: list[int] = form.validated_data["tag_ids"]
    return tag_ids


def _export_json(export: FeatureExport) -> dict[str, Any]:
    return {
        "id": export.pk,
        "name": export.name,
        "environment_id": export.environment_id,
        "status": export.status,
        "created_at": export.created_at,
    }


def _import_json(wanted: FeatureImport) -> dict[str, Any]:
    return {
        "id": wanted.pk,
        "environment_id": wanted.environment_id,
        "strategy": wanted.strategy,
        "status": wanted.status,
        "created_at": wanted.created_at,
    }


urlpatterns = [
    path("features/create-feature-export/", CreateExport),
    path("features/download-feature-export/<id:export_id>/", DownloadExport),
    path("features/feature-import/<id:environment_id>", CreateImport),
    path("features/download-flagsmith-on-flagsmith/", FlagsmithOnFlagsmith),
    path("projects/<id:project_id>/feature-exports/", Exports),
    path("projects/<id:project_id>/feature-imports/", Imports),
]
