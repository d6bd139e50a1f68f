"""Segments of a project."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import segments as actions
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_states import needed_query_id
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.pagination import Pages, SizedPages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.segment_serializers import NameSerializer, SegmentSerializer, segment_json
from vexil.controlplane.db.models import FeatureState, Project, Segment
from vexil.controlplane.permissions import MANAGE_SEGMENTS, VIEW_PROJECT, Actor
from vexil.controlplane.queries import segments as queries


class _Query(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, allow_blank=True)
    identity = Id(required=False)
    include_feature_specific = serializers.BooleanField(default=True)


class Segments(APIView):
    def get(self, request: Request, project_id: int) -> Response:
        project = _viewable(actor_of(request), project_id)
        pages = SizedPages()
        page = pages.paginate_queryset(_wanted(request, project), request, view=self) or []
        return pages.get_paginated_response([segment_json(segment) for segment in page])

    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, MANAGE_SEGMENTS)
        form = SegmentSerializer(data=request.data, context={"project": project})
        form.is_valid(raise_exception=True)
        segment = actions.create(project, NewSegment(**form.columns(), custom_fields=form.custom_fields()), by=by)
        return Response(segment_json(segment), status=201)


class OneSegment(APIView):
    def get(self, request: Request, project_id: int, segment_id: int) -> Response:
        return Response(segment_json(_find(_viewable(actor_of(request), project_id), segment_id)))

    def put(self, request: Request, project_id: int, segment_id: int) -> Response:
        return self._update(request, project_id, segment_id, partial=False)

    def patch(self, request: Request, project_id: int, segment_id: int) -> Response:
        return self._update(request, project_id, segment_id, partial=True)

    def delete(self, request: Request, project_id: int, segment_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_find(lookups.project(by, project_id, MANAGE_SEGMENTS), segment_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, project_id: int, segment_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        segment = _find(lookups.project(by, project_id, MANAGE_SEGMENTS), segment_id)
        context = {"project": segment.project, "patch": partial}
        form = SegmentSerializer(segment, data=request.data, context=context)
        form.is_valid(raise_exception=True)
        updated = actions.update(segment, form.columns(), custom_fields=form.custom_fields(), by=by)
        return Response(segment_json(updated))


class CloneSegment(APIView):
    def post(self, request: Request, project_id: int, segment_id: int) -> Response:
        by = actor_of(request)
        segment = _find(lookups.project(by, project_id, MANAGE_SEGMENTS), segment_id)
        form = NameSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(segment_json(actions.clone(segment, name=form.validated_data["name"], by=by)), status=201)


class AssociatedFeatures(APIView):
    """The states that override a feature for the segment."""

    def get(self, request: Request, project_id: int, segment_id: int) -> Response:
        segment = _find(_viewable(actor_of(request), project_id), segment_id)
        states = FeatureState.current.filter(
            feature_segment__segment=segment, feature_segment__deleted_at=None, feature__deleted_at=None
        )
        if "environment" in request.query_params:
            states = states.filter(environment_id=needed_query_id(request, "environment"))
        pages = Pages()
        page = pages.paginate_queryset(states.order_by("pk"), request, view=self) or []
        return pages.get_paginated_response(
            [{"id": row.pk, "feature": row.feature_id, "environment": row.environment_id} for row in page]
        )


class SegmentByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        projects = permissions.viewable_projects(actor_of(request))
        segment = Segment.live.filter(uuid=uuid, project__in=projects).first()
        if segment is None:
            raise errors.no_match("Segment")
        return Response(segment_json(segment))


def _viewable(by: Actor, project_id: int) -> Project:
    project = lookups.project(by, project_id)
    rights = permissions.project_rights(by, project)
    if not (rights.include(VIEW_PROJECT) or rights.include(MANAGE_SEGMENTS)):
        raise PermissionDenied
    return project


def _find(project: Project, segment_id: int) -> Segment:
    segment = queries.live(project).filter(pk=segment_id).first()
    if segment is None:
        raise errors.no_match("Segment")
    return segment


def _wanted(request: Request, project: Project) -> QuerySet[Segment]:
    form = _Query(data=request.query_params.dict())
    form.is_valid(raise_exception=True)
    asked = form.validated_data
    segments = queries.live(project).filter(name__icontains=asked.get("q", ""))
    if not asked["include_feature_specific"]:
        segments = segments.filter(feature=None)
    if "identity" in asked:
        segments = segments.filter(pk__in=queries.containing(project, asked["identity"]))
    return segments


_SEGMENTS = "projects/<id:project_id>/segments/"

urlpatterns = [
    path(_SEGMENTS, Segments),
    path(f"{_SEGMENTS}<id:segment_id>/", OneSegment),
    path(f"{_SEGMENTS}<id:segment_id>/clone/", CloneSegment),
    path(f"{_SEGMENTS}<id:segment_id>/associated-features/", AssociatedFeatures),
    path("segments/get-by-uuid/<uuid:uuid>/", SegmentByUuid),
]
