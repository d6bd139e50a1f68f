"""v2 versions of a feature in an environment: /environments/{id}/features/{id}/versions/."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import versions as actions
from vexil.controlplane.actions.versions import NewVersion
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.version_serializers import VersionedState, version_json, wanted_state
from vexil.controlplane.db.models import Environment, Feature, FeatureVersion
from vexil.controlplane.permissions import UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT, Actor
from vexil.controlplane.queries import environments as environment_queries
from vexil.controlplane.queries import versions as queries


class _Query(serializers.Serializer[Any]):
    is_live = serializers.BooleanField(required=False, allow_null=True)


class NewVersionBody(serializers.Serializer[Any]):
    description = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    live_from = serializers.DateTimeField(required=False, allow_null=True)
    feature_states_to_create = VersionedState(many=True, required=False)
    feature_states_to_update = VersionedState(many=True, required=False)
    segment_ids_to_delete_overrides = serializers.ListField(child=Id(), required=False, allow_null=True)
    publish_immediately = serializers.BooleanField(default=False)


class Publication(serializers.Serializer[Any]):
    live_from = serializers.DateTimeField(required=False, allow_null=True)


class Versions(APIView):
    def get(self, request: Request, environment_id: int, feature_id: int) -> Response:
        environment, feature = find(actor_of(request), environment_id, feature_id)
        form = _Query(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        now = timezone.now()
        versions = queries.listed(environment, feature, now=now)
        if (is_live := form.validated_data.get("is_live")) is not None:
            were_live = queries.were_live(now)
            versions = versions.filter(were_live if is_live else ~were_live)
        pages = SizedPages()
        page = pages.paginate_queryset(versions, request, view=self) or []
        return pages.get_paginated_response([version_json(version, now) for version in page])

    def post(self, request: Request, environment_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        environment, feature = find(by, environment_id, feature_id, UPDATE_FEATURE_STATE)
        form = NewVersionBody(data=request.data, context={"environment": environment})
        form.is_valid(raise_exception=True)
        version = actions.create(environment, feature, _new_version(form.validated_data), by=by)
        return Response(version_json(version, timezone.now()), status=201)


class OneVersion(APIView):
    def delete(self, request: Request, environment_id: int, feature_id: int, uuid: UUID) -> Response:
        by = actor_of(request)
        environment, feature = find(by, environment_id, feature_id, UPDATE_FEATURE_STATE)
        actions.delete(version_of(environment, feature, uuid), by=by)
        return Response(status=204)


class Publish(APIView):
    def post(self, request: Request, environment_id: int, feature_id: int, uuid: UUID) -> Response:
        by = actor_of(request)
        environment = environment_queries.live().filter(pk=environment_id).first()
        if environment is None or not permissions.has_environment_permission(by, environment, UPDATE_FEATURE_STATE):
            raise PermissionDenied
        feature = _feature(environment, feature_id)
        form = Publication(data=request.data)
        form.is_valid(raise_exception=True)
        version = version_of(environment, feature, uuid)
        version = actions.publish(version, live_from=form.validated_data.get("live_from"), by=by)
        return Response({"live_from": version.live_from})


class VersionByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        environments = permissions.viewable_environments(actor_of(request))
        version = FeatureVersion.live.filter(pk=uuid, environment__in=environments, feature__deleted_at=None).first()
        if version is None:
            raise errors.no_match("EnvironmentFeatureVersion")
        previous = queries.previous(version)
        return Response(
            {
                **version_json(version, timezone.now()),
                "previous_version_uuid": previous.pk if previous else None,
                "feature": version.feature_id,
                "environment": version.environment_id,
            }
        )


def find(
    by: Actor, environment_id: int, feature_id: int, permission: str = VIEW_ENVIRONMENT
) -> tuple[Environment, Feature]:
    """An environment and a feature of its project; who may not see the project sees no feature."""
    environment = environment_queries.live().filter(pk=environment_id).first()
    if environment is None:
        raise errors.no_match("Environment")
    feature = _feature(environment, feature_id)
    if not permissions.has_project_permission(by, environment.project, permissions.VIEW_PROJECT):
        raise errors.no_match("Feature")
    if not permissions.has_environment_permission(by, environment, permission):
        raise PermissionDenied
    return environment, feature


def version_of(environment: Environment, feature: Feature, uuid: UUID) -> FeatureVersion:
    versions = FeatureVersion.live.filter(environment=environment, feature=feature)
    version = versions.select_related("environment__project", "feature").filter(pk=uuid).first()
    if version is None:
        raise errors.no_match("EnvironmentFeatureVersion")
    return version


def _feature(environment: Environment, feature_id: int) -> Feature:
    feature = Feature.live.filter(project_id=environment.project_id, pk=feature_id).first()
    if feature is None:
        raise errors.no_match("Feature")
    return feature


def _new_version(sent: dict[str, Any]) -> NewVersion:
    return NewVersion(
        description=sent.get("description"),
        live_from=sent.get("live_from"),
        to_create=[wanted_state(entry) for entry in sent.get("feature_states_to_create") or ()],
        to_update=[wanted_state(entry) for entry in sent.get("feature_states_to_update") or ()],
        segments_to_leave=sent.get("segment_ids_to_delete_overrides") or (),
        publish_immediately=sent["publish_immediately"],
    )


_VERSIONS = "environments/<id:environment_id>/features/<id:feature_id>/versions/"

urlpatterns = [
    path(_VERSIONS, Versions),
    path(f"{_VERSIONS}<uuid:uuid>/", OneVersion),
    path(f"{_VERSIONS}<uuid:uuid>/publish/", Publish),
    path("environment-feature-versions/<uuid:uuid>/", VersionByUuid),
]
