"""What can be done with a whole environment: cloning, counting, v2 versioning, the keys of its traits."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import environment_clones, identities, versioning
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment
from vexil.controlplane.queries import environments as queries
from vexil.controlplane.queries import identities as identity_queries

_METRICS = (
    ("total_features", "Total features", "features"),
    ("enabled_features", "Features enabled", "features"),
    ("segment_overrides", "Segment overrides", "segments"),
    ("identity_overrides", "Identity overrides", "identities"),
    ("open_change_requests", "Open change requests", "workflows"),
    ("total_scheduled_changes", "Scheduled changes", "workflows"),
)


class CloneBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=2000)
    # Taken, and not needed: a clone is complete before it is answered.
    clone_feature_states_async = serializers.BooleanField(default=False)


class Clone(APIView):
    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, api_key)
        lookups.project(by, environment.project_id, permissions.CREATE_ENVIRONMENT)
        form = CloneBody(data=request.data)
        form.is_valid(raise_exception=True)
        clone = environment_clones.clone(environment, name=form.validated_data["name"], by=by)
        return Response(
            {"id": clone.pk, "name": clone.name, "api_key": clone.api_key, "project": clone.project_id},
        )


class Metrics(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment = lookups.administered_environment(actor_of(request), api_key)
        counts = queries.metrics(environment)
        return Response(
            {
                "metrics": [
                    {"value": counts[name], "description": text, "name": name, "entity": entity, "rank": rank}
                    for rank, (name, text, entity) in enumerate(_METRICS, start=1)
                    if name in counts
                ]
            }
        )


class EnableVersioning(APIView):
    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        versioning.enable(lookups.administered_environment(by, api_key), by=by)
        return Response(status=202)


class DisableVersioning(APIView):
    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        versioning.disable(lookups.administered_environment(by, api_key), by=by)
        return Response(status=202)


class TraitKeys(APIView):
    def get(self, request: Request, api_key: str) -> Response:
        environment: Environment = lookups.environment(actor_of(request), api_key)
        return Response({"keys": identity_queries.trait_keys(environment)})


class DeleteTraits(APIView):
    def post(self, request: Request, api_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.administered_environment(by, api_key)
        key = body_of(request).get("key")
        if not key or not isinstance(key, str):
            raise ValidationError({"detail": "Couldn't delete trait keys."})
        identities.delete_trait_everywhere(environment, key, by=by)
        return Response()


_ENVIRONMENT = "environments/<str:api_key>/"

urlpatterns = [
    path(f"{_ENVIRONMENT}clone/", Clone),
    path(f"{_ENVIRONMENT}metrics/", Metrics),
    path(f"{_ENVIRONMENT}enable-v2-versioning/", EnableVersioning),
    path(f"{_ENVIRONMENT}disable-v2-versioning/", DisableVersioning),
    path(f"{_ENVIRONMENT}trait-keys/", TraitKeys),
    path(f"{_ENVIRONMENT}delete-traits/", DeleteTraits),
]
