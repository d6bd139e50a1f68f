"""Segment overrides: the links between features and segments, their priorities, and both halves in one call."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_segments as actions
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_state_serializers import override_json
from vexil.controlplane.adminapi.feature_values import ShareSerializer, TypedValueSerializer, shares_of
from vexil.controlplane.adminapi.nested_bodies import Entry, Id
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.parsing import parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, Segment
from vexil.controlplane.permissions import MANAGE_SEGMENT_OVERRIDES, VIEW_ENVIRONMENT, Actor
from vexil.controlplane.queries import feature_states

_PRIORITY_MAX = 1_000_000


class _Link(serializers.Serializer[FeatureSegment]):
    """A new link, in the environment that the context names."""

    feature: "serializers.PrimaryKeyRelatedField[Feature]" = serializers.PrimaryKeyRelatedField(
        queryset=Feature.live.all()
    )
    segment: "serializers.PrimaryKeyRelatedField[Segment]" = serializers.PrimaryKeyRelatedField(
        queryset=Segment.live.all()
    )

    def validate_feature(self, feature: Feature) -> Feature:
        self._check_project(feature)
        return feature

    def validate_segment(self, segment: Segment) -> Segment:
        self._check_project(segment)
        return segment

    def _check_project(self, found: Feature | Segment) -> None:
        if found.project_id != self.context["environment"].project_id:
            raise serializers.ValidationError(f'Invalid pk "{found.pk}" - object does not exist.')


class _LinkOfOverride(_Link):
    feature = None  # type: ignore[assignment]  # the path names it
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=_PRIORITY_MAX)


class _Override(serializers.Serializer[Any]):
    feature_segment = _LinkOfOverride()
    enabled = serializers.BooleanField(required=False)
    feature_state_value = TypedValueSerializer()
    multivariate_feature_state_values = ShareSerializer(many=True, required=False)


class _Query(serializers.Serializer[Any]):
    environment = Id()
    feature = Id()


class _Priority(Entry):
    id = Id()
    priority = serializers.IntegerField(min_value=0, max_value=_PRIORITY_MAX)


class FeatureSegments(APIView):
    def get(self, request: Request) -> Response:
        form = _Query(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        # compat: who may not see the environment gets an empty list.
        environments = permissions.viewable_environments(actor_of(request))
        links = _completed(FeatureSegment.current.all()).filter(
            environment_id=form.validated_data["environment"],
            environment__in=environments,
            feature_id=form.validated_data["feature"],
        )
        pages = Pages()
        page = pages.paginate_queryset(links.order_by("priority", "pk"), request, view=self) or []
        return pages.get_paginated_response([_listed_json(link) for link in page])

    def post(self, request: Request) -> Response:
        by = actor_of(request)
        environment = lookups.environment_by_id(by, parent_id(request, "environment"), MANAGE_SEGMENT_OVERRIDES)
        form = _Link(data=request.data, context={"environment": environment})
        form.is_valid(raise_exception=True)
        link = actions.create(environment, form.validated_data["feature"], form.validated_data["segment"], by=by)
        return Response({**_json(link), "feature": link.feature_id}, status=201)


class OneFeatureSegment(APIView):
    def get(self, request: Request, link_id: int) -> Response:
        return Response(_listed_json(_visible(actor_of(request), _links().filter(pk=link_id))))

    def delete(self, request: Request, link_id: int) -> Response:
        by = actor_of(request)
        link = _visible(by, _links().filter(pk=link_id))
        _check_manages(by, link.environment)
        actions.delete(link, by=by)
        return Response(status=204)


class FeatureSegmentByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(_listed_json(_visible(actor_of(request), _links().filter(uuid=uuid))))


class Priorities(APIView):
    def post(self, request: Request) -> Response:
        by = actor_of(request)
        form = _Priority(data=request.data, many=True)
        form.is_valid(raise_exception=True)
        priorities = {entry["id"]: entry["priority"] for entry in form.validated_data}
        if not priorities:
            return Response([])
        links = _same_place(list(_links().filter(pk__in=priorities).order_by("pk")), len(priorities))
        _check_manages(by, links[0].environment)
        actions.set_priorities(links, priorities, by=by)
        return Response([_listed_json(link) for link in _links().filter(pk__in=priorities).order_by("pk")])


class CreateOverride(APIView):
    def post(self, request: Request, environment_key: str, feature_id: int) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, environment_key, MANAGE_SEGMENT_OVERRIDES)
        feature = Feature.live.filter(pk=feature_id, project_id=environment.project_id).first()
        if feature is None:
            raise errors.no_match("Feature")
        form = _Override(data=request.data, context={"environment": environment})
        form.is_valid(raise_exception=True)
        sent, link = form.validated_data, form.validated_data["feature_segment"]
        shares = shares_of(sent.get("multivariate_feature_state_values"))
        change = Change(sent.get("enabled"), sent["feature_state_value"], shares)
        state = actions.create_override(
            environment, feature, link["segment"], change, by=by, priority=link.get("priority")
        )
        return Response(override_json(feature_states.complete().get(pk=state.pk)), status=201)


def _links() -> QuerySet[FeatureSegment]:
    return _completed(FeatureSegment.live.all())


def _completed(links: QuerySet[FeatureSegment]) -> QuerySet[FeatureSegment]:
    return links.filter(feature__deleted_at=None, segment__deleted_at=None).select_related(
        "segment", "feature", "environment__project__organisation"
    )


def _visible(by: Actor, links: QuerySet[FeatureSegment]) -> FeatureSegment:
    link = links.first()
    if link is None or not permissions.has_environment_permission(by, link.environment, VIEW_ENVIRONMENT):
        raise errors.no_match("FeatureSegment")
    return link


def _check_manages(by: Actor, environment: Environment) -> None:
    if not permissions.has_environment_permission(by, environment, MANAGE_SEGMENT_OVERRIDES):
        raise PermissionDenied


def _same_place(links: list[FeatureSegment], expected: int) -> list[FeatureSegment]:
    if len(links) < expected:
        raise errors.invalid("Some of the provided ids were not found.")
    if len({(link.feature_id, link.environment_id, link.feature_version_id) for link in links}) > 1:
        raise errors.invalid("All feature segments must belong to the same feature & environment.")
    return links


def _json(link: FeatureSegment) -> dict[str, Any]:
    names = {"id": link.pk, "uuid": link.uuid, "segment": link.segment_id}
    return {**names, "environment": link.environment_id, "priority": link.priority}


def _listed_json(link: FeatureSegment) -> dict[str, Any]:
    specific = link.segment.feature_id is not None
    return {**_json(link), "segment_name": link.segment.name, "is_feature_specific": specific}


urlpatterns = [
    path("features/feature-segments/", FeatureSegments),
    path("features/feature-segments/update-priorities/", Priorities),
    path("features/feature-segments/<id:link_id>/", OneFeatureSegment),
    path("features/feature-segments/get-by-uuid/<uuid:uuid>/", FeatureSegmentByUuid),
    path("environments/<str:environment_key>/features/<id:feature_id>/create-segment-override/", CreateOverride),
]
