"""The states in a v2 version: /environments/{id}/features/{id}/versions/{uuid}/featurestates/."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import version_states as actions
from vexil.controlplane.adminapi import errors
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_state_serializers import override_json
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.adminapi.version_serializers import VersionedState, change_of, wanted_state
from vexil.controlplane.adminapi.versions import find, version_of
from vexil.controlplane.db.models import Environment, FeatureState, FeatureVersion
from vexil.controlplane.permissions import UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT
from vexil.controlplane.queries import feature_states, versions


class StatesOfVersion(APIView):
    def get(self, request: Request, environment_id: int, feature_id: int, uuid: UUID) -> Response:
        version = _version(request, environment_id, feature_id, uuid, VIEW_ENVIRONMENT)
        return Response([override_json(state) for state in versions.states(version)])

    def post(self, request: Request, environment_id: int, feature_id: int, uuid: UUID) -> Response:
        version = _version(request, environment_id, feature_id, uuid)
        wanted = wanted_state(_valid(request, version.environment))
        state = actions.create(version, wanted, by=actor_of(request))
        return Response(override_json(feature_states.of_any_version().get(pk=state.pk)), status=201)


class OneStateOfVersion(APIView):
    def put(self, request: Request, environment_id: int, feature_id: int, uuid: UUID, state_id: int) -> Response:
        version = _version(request, environment_id, feature_id, uuid)
        return self._update(request, _state(version, state_id), patch=False)

    def patch(self, request: Request, environment_id: int, feature_id: int, uuid: UUID, state_id: int) -> Response:
        version = _version(request, environment_id, feature_id, uuid)
        return self._update(request, _state(version, state_id), patch=True)

    def delete(self, request: Request, environment_id: int, feature_id: int, uuid: UUID, state_id: int) -> Response:
        version = _version(request, environment_id, feature_id, uuid)
        actions.delete(_state(version, state_id), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, state: FeatureState, *, patch: bool) -> Response:
        sent = _valid(request, state.environment, patch=patch)
        priority = (sent.get("feature_segment") or {}).get("priority")
        return Response(override_json(actions.update(state, change_of(sent), priority=priority, by=actor_of(request))))


def _version(
    request: Request, environment_id: int, feature_id: int, uuid: UUID, permission: str = UPDATE_FEATURE_STATE
) -> FeatureVersion:
    environment, feature = find(actor_of(request), environment_id, feature_id, permission)
    return version_of(environment, feature, uuid)


def _state(version: FeatureVersion, state_id: int) -> FeatureState:
    state = versions.states(version).select_related("feature_version__environment").filter(pk=state_id).first()
    if state is None:
        raise errors.no_match("FeatureState")
    return state


def _valid(request: Request, environment: Environment, *, patch: bool = False) -> dict[str, Any]:
    form = VersionedState(data=request.data, context={"environment": environment, "patch": patch})
    form.is_valid(raise_exception=True)
    valid: dict[str, Any] = form.validated_data
    return valid


_STATES = "environments/<id:environment_id>/features/<id:feature_id>/versions/<uuid:uuid>/featurestates/"

urlpatterns = [
    path(_STATES, StatesOfVersion),
    path(f"{_STATES}<id:state_id>/", OneStateOfVersion),
]
