"""The values that a feature can take."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import multivariate as actions
from vexil.controlplane.adminapi import errors, features
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_serializers import option_fields, option_json
from vexil.controlplane.adminapi.feature_values import Percentage, TypedValueSerializer
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Feature, MultivariateOption, Project
from vexil.controlplane.permissions import CREATE_FEATURE, VIEW_PROJECT, Actor


class _Option(TypedValueSerializer):
    feature: "serializers.PrimaryKeyRelatedField[Feature]" = serializers.PrimaryKeyRelatedField(
        queryset=Feature.live.all()
    )
    default_percentage_allocation = Percentage(required=False)
    key = serializers.SlugField(
        required=False,
        allow_null=True,
        max_length=255,
        error_messages={"invalid": "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."},
    )

    def validate_feature(self, feature: Feature) -> Feature:
        if feature.project_id != self.context["project"].pk:
            raise serializers.ValidationError(f'Invalid pk "{feature.pk}" - object does not exist.')
        return feature


class Options(APIView):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature = features.find(actor_of(request), project_id, feature_id)
        options = feature.multivariate_options.order_by(F("key").asc(nulls_last=True), "pk")
        pages = Pages()
        page = pages.paginate_queryset(options, request, view=self) or []
        return pages.get_paginated_response([_json(option) for option in page])

    def post(self, request: Request, project_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        feature = features.find(by, project_id, feature_id, CREATE_FEATURE)
        sent = _valid(request, feature.project)
        option = actions.create(sent["feature"], option_fields(sent), by=by)
        return Response(_json(option), status=201)


class OneOption(APIView):
    def get(self, request: Request, project_id: int, feature_id: int, option_id: int) -> Response:
        return Response(_json(_find(actor_of(request), project_id, feature_id, option_id)))

    def put(self, request: Request, project_id: int, feature_id: int, option_id: int) -> Response:
        return self._update(request, project_id, feature_id, option_id, partial=False)

    def patch(self, request: Request, project_id: int, feature_id: int, option_id: int) -> Response:
        return self._update(request, project_id, feature_id, option_id, partial=True)

    def delete(self, request: Request, project_id: int, feature_id: int, option_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_find(by, project_id, feature_id, option_id, CREATE_FEATURE), by=by)
        return Response(status=204)

    def _update(self, request: Request, project_id: int, feature_id: int, option_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        option = _find(by, project_id, feature_id, option_id, CREATE_FEATURE)
        sent = _valid(request, option.feature.project, option, partial=partial)
        return Response(_json(actions.update(option, option_fields(sent), by=by)))


class OptionByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        projects = permissions.viewable_projects(actor_of(request))
        option = _options().filter(uuid=uuid, feature__project__in=projects).first()
        if option is None:
            raise errors.no_match("MultivariateFeatureOption")
        return Response(_json(option))


def _options() -> QuerySet[MultivariateOption]:
    return MultivariateOption.objects.filter(feature__deleted_at=None).select_related("feature__project")


def _find(
    by: Actor, project_id: int, feature_id: int, option_id: int, permission: str = VIEW_PROJECT
) -> MultivariateOption:
    feature = features.find(by, project_id, feature_id, permission)
    option = _options().filter(feature=feature, pk=option_id).first()
    if option is None:
        raise errors.no_match("MultivariateFeatureOption")
    return option


def _valid(
    request: Request, project: Project, option: MultivariateOption | None = None, *, partial: bool = False
) -> dict[str, Any]:
    form = _Option(option, data=request.data, partial=partial, context={"project": project})
    form.is_valid(raise_exception=True)
    sent: dict[str, Any] = form.validated_data
    return sent


def _json(option: MultivariateOption) -> dict[str, Any]:
    return {**option_json(option), "feature": option.feature_id}


_OPTIONS = "projects/<id:project_id>/features/<id:feature_id>/mv-options/"

urlpatterns = [
    path(_OPTIONS, Options),
    path(f"{_OPTIONS}<id:option_id>/", OneOption),
    path("multivariate/options/get-by-uuid/<uuid:uuid>/", OptionByUuid),
]
