"""Feature states on their own, with values as columns: /features/featurestates/."""

from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_states as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_state_serializers import FlatState, flat_json, flat_list_json
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.parsing import parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState
from vexil.controlplane.permissions import MANAGE_SEGMENT_OVERRIDES, UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT, Actor
from vexil.controlplane.queries import feature_states as queries


class FeatureStates(APIView):
    def get(self, request: Request) -> Response:
        environment = lookups.environment_by_id(actor_of(request), query_id(request, "environment"))
        states = queries.counting().filter(environment=environment).order_by("pk")
        for name, column in (("feature", "feature_id"), ("feature_segment", "feature_segment_id")):
            if name in request.query_params:
                states = states.filter(**{column: needed_query_id(request, name)})
        pages = Pages()
        page = pages.paginate_queryset(states, request, view=self) or []
        return pages.get_paginated_response(flat_list_json(page))

    def post(self, request: Request) -> Response:
        by = actor_of(request)
        needed = MANAGE_SEGMENT_OVERRIDES if parent_id(request, "feature_segment") else UPDATE_FEATURE_STATE
        environment = lookups.environment_by_id(by, parent_id(request, "environment"), needed)
        feature = feature_to_set(environment, parent_id(request, "feature"))
        form = FlatState(data=request.data, context={"environment": environment})
        form.is_valid(raise_exception=True)
        # compat: the reference does not mind a link that was made for another feature.
        link = FeatureSegment.live.filter(pk=form.validated_data.get("feature_segment")).first()
        state = actions.create(
            environment, feature, form.change(), by=by, link=link, identity=form.identity_of(environment)
        )
        return Response(flat_json(state), status=201)


class OneFeatureState(APIView):
    def put(self, request: Request, state_id: int) -> Response:
        return self._update(request, state_id, partial=False)

    def patch(self, request: Request, state_id: int) -> Response:
        return self._update(request, state_id, partial=True)

    def _update(self, request: Request, state_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        state = queries.of_any_version().filter(pk=state_id).first()
        if state is None:
            raise errors.no_match("FeatureState")
        _check_right(by, state, MANAGE_SEGMENT_OVERRIDES if state.feature_segment_id else UPDATE_FEATURE_STATE)
        form = FlatState(state, data=request.data, context={"environment": state.environment, "patch": partial})
        form.is_valid(raise_exception=True)
        return Response(flat_json(actions.update(state, form.change(), by=by)))


class FeatureStateByUuid(APIView):
    def get(self, request: Request, uuid: UUID) -> Response:
        state = queries.of_any_version().filter(uuid=uuid).first()
        if state is None:
            raise errors.no_match("FeatureState")
        _check_right(actor_of(request), state, VIEW_ENVIRONMENT)
        return Response(flat_json(state))


def feature_to_set(environment: Environment, feature_id: int | None) -> Feature:
    """403 when there is no such feature, 400 when it belongs to another project."""
    feature = Feature.live.filter(pk=feature_id).first() if feature_id is not None else None
    if feature is None:
        raise PermissionDenied
    if feature.project_id != environment.project_id:
        raise errors.invalid("Feature does not exist in project", "feature")
    return feature


def query_id(request: Request, name: str) -> int | None:
    """An id from the query; None when it is missing or no number."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def needed_query_id(request: Request, name: str) -> int:
    found = query_id(request, name)
    if found is None:
        raise errors.invalid("A valid integer is required.", name)
    return found


def _check_right(by: Actor, state: FeatureState, permission: str) -> None:
    if not permissions.has_environment_permission(by, state.environment, permission):
        raise PermissionDenied


urlpatterns = [
    path("features/featurestates/", FeatureStates),
    path("features/featurestates/<id:state_id>/", OneFeatureState),
    path("features/featurestates/get-by-uuid/<uuid:uuid>/", FeatureStateByUuid),
]
