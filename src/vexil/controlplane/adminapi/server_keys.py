"""Server keys of an environment."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import server_keys as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import ServerKey
from vexil.controlplane.permissions import Actor


class ServerKeySerializer(serializers.ModelSerializer[ServerKey]):
    class Meta:
        model = ServerKey
        fields = ["id", "key", "active", "created_at", "name", "expires_at"]
        read_only_fields = ["key"]


class ServerKeys(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment = lookups.administered_environment(actor_of(request), api_key)
        return Response(ServerKeySerializer(environment.server_keys.order_by("pk"), many=True).data)

    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.administered_environment(by, api_key)
        form = ServerKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = actions.create(environment, by=by, **form.validated_data)
        return Response(ServerKeySerializer(key).data, status=201)


class OneServerKey(APIView):
    def put(self, request: Request, api_key: str, key_id: int) -> Response:
        return self._update(request, api_key, key_id, partial=False)

    def patch(self, request: Request, api_key: str, key_id: int) -> Response:
        return self._update(request, api_key, key_id, partial=True)

    def delete(self, request: Request, api_key: str, key_id: int) -> Response:
        by = actor_of(request)
        actions.delete(_key(by, api_key, key_id), by=by)
        return Response(status=204)

    def _update(self, request: Request, api_key: str, key_id: int, *, partial: bool) -> Response:
        by = actor_of(request)
        key = _key(by, api_key, key_id)
        form = ServerKeySerializer(key, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        return Response(ServerKeySerializer(actions.update(key, by=by, **form.validated_data)).data)


def _key(by: Actor, api_key: str, key_id: int) -> ServerKey:
    environment = lookups.administered_environment(by, api_key)
    key = environment.server_keys.select_related("environment__project").filter(pk=key_id).first()
    if key is None:
        # compat: the reference's name for a server key.
        raise errors.no_match("EnvironmentAPIKey")
    return key


urlpatterns = [
    path("environments/<str:api_key>/api-keys/", ServerKeys),
    path("environments/<str:api_key>/api-keys/<id:key_id>/", OneServerKey),
]
