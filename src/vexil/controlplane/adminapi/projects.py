"""Projects."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import projects as actions
from vexil.controlplane.adminapi import errors, lookups, permission_lists
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.parsing import COLUMN_RANGE, body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Organisation, Project
from vexil.controlplane.permissions import Actor
from vexil.engine.patterns import pattern_error

_UNUSED = {
    # compat: what the reference says of its DynamoDB storage, which there is none of here.
    "enable_dynamo_db": False,
    "migration_status": "NOT_APPLICABLE",
    "use_edge_identities": False,
    "show_edge_identity_overrides_for_feature": False,
    "edge_v2_migration_status": "NOT_STARTED",
}


class ProjectSerializer(serializers.ModelSerializer[Project]):
    name = serializers.CharField(max_length=2000)

    class Meta:
        model = Project
        fields = [
            "id",
            "uuid",
            "name",
            "organisation",
            "hide_disabled_flags",
            "prevent_flag_defaults",
            "enable_realtime_updates",
            "only_allow_lower_case_feature_names",
            "feature_name_regex",
            "stale_flags_limit_days",
            "minimum_change_request_approvals",
            "enforce_feature_owners",
        ]
        read_only_fields = ["organisation"]
        extra_kwargs = {"stale_flags_limit_days": COLUMN_RANGE, "minimum_change_request_approvals": COLUMN_RANGE}
        validators: list[Any] = []  # the action checks the name, and locks

    def validate_feature_name_regex(self, value: str | None) -> str | None:
        if value and (fault := pattern_error(value)):
            raise serializers.ValidationError(fault)
        return value

    def to_representation(self, instance: Project) -> dict[str, Any]:
        return {**super().to_representation(instance), **_UNUSED}


class ProjectWithTotalsSerializer(ProjectSerializer):
    total_features = serializers.SerializerMethodField()
    total_segments = serializers.SerializerMethodField()

    class Meta(ProjectSerializer.Meta):
        fields = [
            *ProjectSerializer.Meta.fields,
            "max_segments_allowed",
            "max_features_allowed",
            "max_segment_overrides_allowed",
            "total_features",
            "total_segments",
        ]

    def get_total_features(self, project: Project) -> int:
        return project.features.filter(deleted_at__isnull=True).count()

    def get_total_segments(self, project: Project) -> int:
        return project.segments.filter(deleted_at__isnull=True).count()


class _PrimaryKey(serializers.Field[int, Any, int, Any]):
    """An id, without looking whether there is such a row."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int | str) or not str(data).isdecimal():
            raise serializers.ValidationError(f"Incorrect type. Expected pk value, received {type(data).__name__}.")
        return int(data)


class _ParentSerializer(serializers.Serializer[None]):
    organisation = _PrimaryKey()


class Projects(APIView):
    refuses_other_methods = True
    metadata_class = None

    def get(self, request: Request) -> Response:
        projects = permissions.viewable_projects(actor_of(request)).filter(**_filters(request)).order_by("pk")
        return Response(ProjectSerializer(projects, many=True).data)

    def post(self, request: Request) -> Response:
        by = actor_of(request)
        organisation = _organisation_to_add_to(by, request)
        form = ProjectSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        project = actions.create(organisation, by=by, **form.validated_data)
        return Response(ProjectSerializer(project).data, status=201)


class OneProject(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        return Response(ProjectWithTotalsSerializer(lookups.project(actor_of(request), project_id)).data)

    def put(self, request: Request, project_id: int) -> Response:
        return self._update(request, project_id, partial=False)

    def patch(self, request: Request, project_id: int) -> Response:
        return self._update(request, project_id, partial=True)

    def delete(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        actions.delete(lookups.administered_project(by, project_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, project_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        project = lookups.administered_project(by, project_id)
        form = ProjectSerializer(project, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(ProjectSerializer(actions.update(project, by=by, **form.validated_data)).data)


class ProjectByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        found = permissions.viewable_projects(actor_of(request)).filter(uuid=uuid).first()
        if found is None:
            raise errors.no_match("Project")
        return Response(ProjectSerializer(found).data)


class ProjectPermissions(APIView):
    def get(self, _request: Request) -> Response:
        return Response(permission_lists.described(permissions.PROJECT_PERMISSIONS))


class OwnProjectPermissions(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        permission_lists.refuse_key(by)
        project = lookups.project(by, project_id)
        return Response(permission_lists.own(permissions.project_rights(by, project)))


def _filters(request: Request) -> dict[str, Any]:
    """What the query asks for; 400 when it cannot be read."""
    wanted: dict[str, Any] = {}
    if organisation := request.query_params.get("organisation"):
        if not (organisation.isascii() and organisation.isdigit() and len(organisation) <= 18):
            raise ValidationError({"organisation": "Must be a valid integer."})
        wanted["organisation_id"] = int(organisation)
    if uuid := request.query_params.get("uuid"):
        try:
            wanted["uuid"] = UUID(uuid)
        except ValueError:
            raise ValidationError({"uuid": "Must be a valid UUID."}) from None
    return wanted


def _organisation_to_add_to(by: Actor, request: Request) -> Organisation:
    """403 for one that is unknown, foreign or closed to the caller."""
    form = _ParentSerializer(data=body_of(request))
    form.is_valid(raise_exception=True)
    organisation = permissions.organisations_of(by).filter(pk=form.validated_data["organisation"]).first()
    if organisation is None:
        raise PermissionDenied
    if not permissions.has_organisation_permission(by, organisation, permissions.CREATE_PROJECT):
        raise PermissionDenied
    if organisation.restrict_project_create_to_admin and not permissions.is_organisation_admin(by, organisation):
        raise PermissionDenied
    return organisation


urlpatterns = [
    path("projects/", Projects),
    path("projects/permissions/", ProjectPermissions),
    path("projects/get-by-uuid/<uuid:uuid>/", ProjectByUuid),
    path("projects/<id:project_id>/", OneProject),
    path("projects/<id:project_id>/my-permissions/", OwnProjectPermissions),
]
