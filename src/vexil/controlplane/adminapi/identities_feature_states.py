"""Feature states of one identity: its overrides, and what it gets for every feature."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import feature_states as actions
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_state_serializers import nested_change, nested_json
from vexil.controlplane.adminapi.feature_states import feature_to_set
from vexil.controlplane.adminapi.feature_states_nested import found, listed, patched_json
from vexil.controlplane.adminapi.identities import existing, find
from vexil.controlplane.adminapi.nested_bodies import Id
from vexil.controlplane.adminapi.parsing import parent_id
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, FeatureState
from vexil.controlplane.permissions import UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT
from vexil.controlplane.queries import feature_states as queries
from vexil.controlplane.queries.feature_states import Decision
from vexil.stores.identities import Identity


class IdentityStates(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int) -> Response:
        environment, identity = find(actor_of(request), environment_key, identity_id, VIEW_ENVIRONMENT)
        states = queries.counting().filter(environment=environment, identity_id=identity.id)
        return listed(self, request, states)

    def post(self, request: Request, environment_key: str, identity_id: int) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, UPDATE_FEATURE_STATE)
        feature = feature_to_set(environment, parent_id(request, "feature"))
        state = actions.create(environment, feature, nested_change(request), by=by, identity=identity)
        return Response(nested_json(state), status=201)


class OneIdentityState(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int, state_id: int) -> Response:
        return Response(nested_json(self._find(request, environment_key, identity_id, state_id)))

    def put(self, request: Request, environment_key: str, identity_id: int, state_id: int) -> Response:
        return Response(nested_json(self._update(request, environment_key, identity_id, state_id)))

    def patch(self, request: Request, environment_key: str, identity_id: int, state_id: int) -> Response:
        return Response(patched_json(self._update(request, environment_key, identity_id, state_id)))

    def delete(self, request: Request, environment_key: str, identity_id: int, state_id: int) -> Response:
        state = self._find(request, environment_key, identity_id, state_id, UPDATE_FEATURE_STATE)
        actions.delete(state, by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, environment_key: str, identity_id: int, state_id: int) -> FeatureState:
        state = self._find(request, environment_key, identity_id, state_id, UPDATE_FEATURE_STATE)
        return actions.update(state, nested_change(request), by=actor_of(request))

    def _find(
        self,
        request: Request,
        environment_key: str,
        identity_id: int,
        state_id: int,
        permission: str = VIEW_ENVIRONMENT,
    ) -> FeatureState:
        environment, identity = find(actor_of(request), environment_key, identity_id, permission)
        return found(_overrides(environment, identity), state_id)


class AllStates(APIView):
    def get(self, request: Request, environment_key: str, identity_id: int) -> Response:
        environment, identity = find(actor_of(request), environment_key, identity_id, VIEW_ENVIRONMENT)
        return _all(environment, identity)


class _Source(serializers.Serializer[Any]):
    source_identity_id = Id()


class CloneStates(APIView):
    def post(self, request: Request, environment_key: str, identity_id: int) -> Response:
        by = actor_of(request)
        environment, identity = find(by, environment_key, identity_id, UPDATE_FEATURE_STATE)
        form = _Source(data=request.data)
        form.is_valid(raise_exception=True)
        source = existing(environment, form.validated_data["source_identity_id"])
        if source.id != identity.id:
            actions.copy_overrides(environment, source=source, target=identity, by=by)
        return _all(environment, identity)


def _overrides(environment: Environment, identity: Identity) -> QuerySet[FeatureState]:
    return queries.complete().filter(environment=environment, identity_id=identity.id)


def _all(environment: Environment, identity: Identity) -> Response:
    return Response([_decision_json(decision) for decision in queries.of_identity(environment, identity)])


def _decision_json(decision: Decision) -> dict[str, Any]:
    state, feature = decision.state, decision.state.feature
    link = state.feature_segment
    return {
        "feature": {"id": feature.pk, "name": feature.name, "type": feature.type},
        "enabled": state.enabled,
        "feature_state_value": decision.value,
        "overridden_by": "SEGMENT" if link else "IDENTITY" if state.identity_id else None,
        "segment": link and {"id": link.segment_id, "name": link.segment.name},
        "multivariate_feature_state_values": [
            {"multivariate_feature_option": {"value": row.option.value}, "percentage_allocation": row.percentage}
            for row in decision.shares
        ],
    }


_STATES = "environments/<str:environment_key>/identities/<id:identity_id>/featurestates/"

urlpatterns = [
    path(_STATES, IdentityStates),
    path(f"{_STATES}all/", AllStates),
    path(f"{_STATES}clone-from-given-identity/", CloneStates),
    path(f"{_STATES}<id:state_id>/", OneIdentityState),
]
