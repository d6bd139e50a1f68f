"""Environments, addressed by their client key."""

import re
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import environments as actions
from vexil.controlplane.adminapi import errors, lookups, permission_lists
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.environment_onboarding import OnboardingStatus
from vexil.controlplane.adminapi.metadata_values import MetadataSerializer, ShownMetadata, metadata_json, values_sent
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.parsing import COLUMN_RANGE, parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Project
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import environments as queries
from vexil.controlplane.queries import snapshots
from vexil.wire import keys
from vexil.wire.document import environment_document

_PATH_SEGMENT = re.compile(r"[^\s/]+")


class EnvironmentInProjectSerializer(serializers.ModelSerializer[Environment]):
    name = serializers.CharField(max_length=2000)
    # compat: an older name of the next field, shown but no longer taken.
    use_mv_v2_evaluation = serializers.BooleanField(source="use_identity_composite_key_for_hashing", read_only=True)
    is_creating = serializers.SerializerMethodField()

    class Meta:
        model = Environment
        fields = [
            "id",
            "uuid",
            "name",
            "api_key",
            "description",
            "project",
            "minimum_change_request_approvals",
            "allow_client_traits",
            "banner_text",
            "banner_colour",
            "hide_disabled_flags",
            "use_mv_v2_evaluation",
            "use_identity_composite_key_for_hashing",
            "hide_sensitive_data",
            "use_v2_feature_versioning",
            "use_identity_overrides_in_local_eval",
            "is_creating",
        ]
        read_only_fields = ["project", "use_v2_feature_versioning"]
        extra_kwargs = {
            "api_key": {"required": False, "validators": []},
            "minimum_change_request_approvals": COLUMN_RANGE,
        }

    def get_is_creating(self, _environment: Environment) -> bool:
        return False

    def validate_api_key(self, value: str) -> str:
        if keys.is_server_key(value) or not _PATH_SEGMENT.fullmatch(value):
            raise serializers.ValidationError('A client key has no blanks or slashes and does not start with "ser.".')
        return value


class EnvironmentSerializer(EnvironmentInProjectSerializer):
    metadata = MetadataSerializer(many=True, required=False, write_only=True)

    class Meta(EnvironmentInProjectSerializer.Meta):
        fields = [*EnvironmentInProjectSerializer.Meta.fields, "metadata"]

    def to_representation(self, instance: Environment) -> dict[str, Any]:
        return {**super().to_representation(instance), "metadata": metadata_json(instance.metadata.all())}

    def fields_sent(self) -> dict[str, Any]:
        """What the actions take."""
        columns = {name: value for name, value in self.validated_data.items() if name != "metadata"}
        return {**columns, "custom_fields": values_sent(self.validated_data)}


class ShownEnvironment(EnvironmentInProjectSerializer):
    """What comes back, for the description of this API."""

    metadata = ShownMetadata(many=True)

    class Meta(EnvironmentInProjectSerializer.Meta):
        fields = [*EnvironmentInProjectSerializer.Meta.fields, "metadata"]


class Environments(APIView):
    def get(self, request: Request) -> Response:
        project = _project_named(request)
        pages = Pages()
        environments = permissions.viewable_environments(actor_of(request)).filter(project=project).order_by("pk")
        environments = environments.prefetch_related("metadata")
        page = pages.paginate_queryset(environments, request)
        return pages.get_paginated_response(EnvironmentSerializer(page, many=True).data)

    def post(self, request: Request) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, parent_id(request, "project"), permissions.CREATE_ENVIRONMENT)
        form = EnvironmentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        environment = actions.create(project, by=by, **form.fields_sent())
        return Response(EnvironmentSerializer(environment).data, status=201)


class OneEnvironment(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment = _environment_or_404(actor_of(request), api_key=api_key)
        total = queries.segment_overrides_of(environment).count()
        return Response({**EnvironmentSerializer(environment).data, "total_segment_overrides": total})

    def put(self, request: Request, api_key: str) -> Response:
        return self._update(request, api_key, partial=False)

    def patch(self, request: Request, api_key: str) -> Response:
        return self._update(request, api_key, partial=True)

    def delete(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        actions.delete(_administered_or_404(by, api_key), by=by)
        return Response(status=204)

    def _update(self, request: Request, api_key: str, *, partial: bool) -> Response:
        by = actor_of(request)
        environment = _administered_or_404(by, api_key)
        form = EnvironmentSerializer(environment, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(EnvironmentSerializer(actions.update(environment, by=by, **form.fields_sent())).data)


class EnvironmentByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(EnvironmentSerializer(_environment_or_404(actor_of(request), uuid=uuid)).data)


class EnvironmentPermissions(APIView):
    def get(self, _request: Request) -> Response:
        return Response(permission_lists.described(permissions.ENVIRONMENT_PERMISSIONS))


class OwnEnvironmentPermissions(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        permission_lists.refuse_key(by)
        environment = lookups.environment(by, api_key)
        return Response(permission_lists.own(permissions.environment_rights(by, environment)))


class EnvironmentDocument(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment = lookups.environment(actor_of(request), api_key)
        present = snapshots.of_environment(environment.pk, now=timezone.now())
        if present is None:
            raise errors.no_match("Environment")
        return Response(environment_document(present[0]))


class EnvironmentsOfProject(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.administered_project(actor_of(request), project_id)
        environments = Environment.live.filter(project=project).order_by("pk")
        return Response(EnvironmentInProjectSerializer(environments, many=True).data)


def _project_named(request: Request) -> Project:
    text = request.query_params.get("project", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    project = Project.live.filter(pk=int(text)).first() if is_number else None
    if project is None:
        raise ValidationError(["Invalid or missing value for project parameter."])
    return project


def _environment_or_404(by: Actor, **named: Any) -> Environment:
    """The environment itself is 404 when unknown and 403 when hidden; below it both are 403."""
    environment = queries.live().filter(**named).first()
    if environment is None:
        raise errors.no_match("Environment")
    if not permissions.has_environment_permission(by, environment, permissions.VIEW_ENVIRONMENT):
        raise PermissionDenied
    return environment


def _administered_or_404(by: Actor, api_key: str) -> Environment:
    environment = _environment_or_404(by, api_key=api_key)
    if not permissions.is_environment_admin(by, environment):
        raise PermissionDenied
    return environment


urlpatterns = [
    path("environments/", Environments),
    path("environments/permissions/", EnvironmentPermissions),
    path("environments/get-by-uuid/<uuid:uuid>/", EnvironmentByUuid),
    path("environments/<str:api_key>/", OneEnvironment),
    path("environments/<str:api_key>/my-permissions/", OwnEnvironmentPermissions),
    path("environments/<str:api_key>/document/", EnvironmentDocument),
    path("environments/<str:api_key>/onboarding-status/", OnboardingStatus),
    path("projects/<id:project_id>/environments/", EnvironmentsOfProject),
]
