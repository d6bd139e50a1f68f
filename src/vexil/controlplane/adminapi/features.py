"""Features of a project."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import features as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_filters import filters_of
from vexil.controlplane.adminapi.feature_serializers import FeatureSerializer, feature_json
from vexil.controlplane.adminapi.pagination import SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Feature, Project
from vexil.controlplane.permissions import CREATE_FEATURE, DELETE_FEATURE, VIEW_PROJECT, Actor
from vexil.controlplane.queries import feature_belongings
from vexil.controlplane.queries import features as queries
from vexil.controlplane.queries.features import NOWHERE, Situation

_OPTIONS = "multivariate_options"


class Features(APIView):
    refuses_other_methods = True
    metadata_class = None

    def get(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project(by, project_id)
        filters = filters_of(request, project, by)
        pages = SizedPages()
        page = pages.paginate_queryset(queries.filtered(project, filters), request, view=self) or []
        situations = queries.situations(page, filters.environment, segment_id=filters.segment_id)
        belongings = feature_belongings.of(page)
        return pages.get_paginated_response(
            [feature_json(feature, belongings, situations.of(feature)) for feature in page]
        )

    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, CREATE_FEATURE)
        form = FeatureSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        _check_options(form, project, by)
        feature = actions.create(project, form.new_feature(), by=by)
        return Response(_one_json(reloaded(feature), without=("code_references_counts",)), status=201)


class OneFeature(APIView):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        feature = find(by, project_id, feature_id)
        filters = filters_of(request, feature.project, by)
        situations = queries.situations([feature], filters.environment, segment_id=filters.segment_id)
        return Response(_one_json(feature, situations.of(feature)))

    def put(self, request: Request, project_id: int, feature_id: int) -> Response:
        return Response(_one_json(self._update(request, project_id, feature_id, partial=False)))

    def patch(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature = self._update(request, project_id, feature_id, partial=True)
        return Response(_one_json(feature, without=("is_num_identity_overrides_complete",)))

    def delete(self, request: Request, project_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        actions.delete(find(by, project_id, feature_id, DELETE_FEATURE), by=by)
        return Response(status=204)

    def _update(self, request: Request, project_id: int, feature_id: int, *, partial: bool) -> Feature:
        by = actor_of(request)
        feature = find(by, project_id, feature_id, CREATE_FEATURE)
        form = FeatureSerializer(feature, data=request.data, context={"patch": partial})
        form.is_valid(raise_exception=True)
        _check_options(form, feature.project, by)
        return reloaded(actions.update(feature, form.changes(), by=by))


class FeatureByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        projects = permissions.viewable_projects(actor_of(request))
        feature = queries.live().filter(uuid=uuid, project__in=projects).first()
        if feature is None:
            raise errors.no_match("Feature")
        return Response(_one_json(feature, without=("metadata", "code_references_counts")))


def find(by: Actor, project_id: int, feature_id: int, permission: str = VIEW_PROJECT) -> Feature:
    """A feature of a project in which the caller holds the permission."""
    project = lookups.project(by, project_id, permission)
    feature = queries.live().filter(project=project, pk=feature_id).first()
    if feature is None:
        raise errors.no_match("Feature")
    return feature


def reloaded(feature: Feature) -> Feature:
    return queries.live().get(pk=feature.pk)


def _one_json(feature: Feature, situation: Situation = NOWHERE, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    return feature_json(feature, feature_belongings.of([feature]), situation, without=without)


def _check_options(form: FeatureSerializer, project: Project, by: Actor) -> None:
    if form.validated_data.get(_OPTIONS) is None:
        return
    if not permissions.is_project_admin(by, project):
        raise PermissionDenied("User must be project admin to modify / create MV options.")


urlpatterns = [
    path("projects/<id:project_id>/features/", Features),
    path("projects/<id:project_id>/features/<id:feature_id>/", OneFeature),
    path("features/get-by-uuid/<uuid:uuid>/", FeatureByUuid),
]
