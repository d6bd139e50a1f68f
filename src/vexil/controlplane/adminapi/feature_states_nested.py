"""Feature states below an environment: what is for everybody, and (with `anyIdentity`) all identity overrides."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import feature_states as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_state_serializers import nested_change, nested_json, nested_list_json
from vexil.controlplane.adminapi.feature_states import feature_to_set, needed_query_id
from vexil.controlplane.adminapi.pagination import Pages
from vexil.controlplane.adminapi.parsing import parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, FeatureState
from vexil.controlplane.permissions import UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT
from vexil.controlplane.queries import feature_states as queries


class EnvironmentStates(APIView):
    def get(self, request: Request, environment_key: str) -> Response:
        environment = lookups.environment(actor_of(request), environment_key)
        return listed(self, request, _states(queries.counting(), environment, request))

    def post(self, request: Request, environment_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, environment_key, UPDATE_FEATURE_STATE)
        feature = feature_to_set(environment, parent_id(request, "feature"))
        state = actions.create(environment, feature, nested_change(request), by=by)
        return Response(nested_json(state), status=201)


class OneEnvironmentState(APIView):
    def get(self, request: Request, environment_key: str, state_id: int) -> Response:
        return Response(nested_json(self._find(request, environment_key, state_id)))

    def put(self, request: Request, environment_key: str, state_id: int) -> Response:
        return Response(nested_json(self._update(request, environment_key, state_id)))

    def patch(self, request: Request, environment_key: str, state_id: int) -> Response:
        return Response(patched_json(self._update(request, environment_key, state_id)))

    def delete(self, request: Request, environment_key: str, state_id: int) -> Response:
        actions.delete(self._find(request, environment_key, state_id, UPDATE_FEATURE_STATE), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, environment_key: str, state_id: int) -> FeatureState:
        state = self._find(request, environment_key, state_id, UPDATE_FEATURE_STATE)
        return actions.update(state, nested_change(request), by=actor_of(request))

    def _find(
        self, request: Request, environment_key: str, state_id: int, permission: str = VIEW_ENVIRONMENT
    ) -> FeatureState:
        environment = lookups.environment(actor_of(request), environment_key, permission)
        return found(_states(queries.complete(), environment, request), state_id)


def listed(view: APIView, request: Request, states: QuerySet[FeatureState]) -> Response:
    """A page of the states that the query asks for."""
    if "feature" in request.query_params:
        states = states.filter(feature_id=needed_query_id(request, "feature"))
    if "feature_name" in request.query_params:
        states = states.filter(feature__name=request.query_params["feature_name"])
    pages = Pages()
    page = pages.paginate_queryset(states.order_by("pk"), request, view=view) or []
    return pages.get_paginated_response(nested_list_json(page))


def found(states: QuerySet[FeatureState], state_id: int) -> FeatureState:
    state = states.filter(pk=state_id).first()
    if state is None:
        raise errors.no_match("FeatureState")
    return state


def patched_json(state: FeatureState) -> dict[str, object]:
    """compat: the reference answers a PATCH with no more than this."""
    return {"enabled": state.enabled, "feature": state.feature_id}


def _states(states: QuerySet[FeatureState], environment: Environment, request: Request) -> QuerySet[FeatureState]:
    states = states.filter(environment=environment, feature_segment=None)
    # compat: any value counts, `anyIdentity=false` and a bare `?anyIdentity` as well.
    return states.filter(identity_id__isnull="anyIdentity" not in request.query_params)


urlpatterns = [
    path("environments/<str:environment_key>/featurestates/", EnvironmentStates),
    path("environments/<str:environment_key>/featurestates/<id:state_id>/", OneEnvironmentState),
]
