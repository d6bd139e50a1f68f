"""Issues and pull requests that a feature is linked to."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import external_resources as actions
from vexil.controlplane.adminapi import errors, features
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import ExternalResource
from vexil.controlplane.permissions import EDIT_FEATURE
from vexil.controlplane.queries import external_resources as queries


class ExternalResourceSerializer(serializers.ModelSerializer[ExternalResource]):
    """The feature is that of the path."""

    metadata = serializers.JSONField(required=False, allow_null=True)

    class Meta:
        model = ExternalResource
        fields = ["id", "url", "type", "metadata", "feature"]
        read_only_fields = ["feature"]


class ExternalResources(APIView):
    def get(self, request: Request, project_id: int, feature_id: int) -> Response:
        feature = features.find(actor_of(request), project_id, feature_id)
        found = queries.of_feature(feature)
        return Response({"results": ExternalResourceSerializer(found, many=True).data})

    def post(self, request: Request, project_id: int, feature_id: int) -> Response:
        by = actor_of(request)
        feature = features.find(by, project_id, feature_id, EDIT_FEATURE)
        form = ExternalResourceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(
            ExternalResourceSerializer(actions.link(feature, by=by, **form.validated_data)).data, status=201
        )


class OneExternalResource(APIView):
    def get(self, request: Request, **named: Any) -> Response:
        return Response(ExternalResourceSerializer(_find(request, **named)).data)

    def put(self, request: Request, **named: Any) -> Response:
        return self._update(request, _find(request, permission=EDIT_FEATURE, **named), partial=False)

    def patch(self, request: Request, **named: Any) -> Response:
        return self._update(request, _find(request, permission=EDIT_FEATURE, **named), partial=True)

    def delete(self, request: Request, **named: Any) -> Response:
        actions.unlink(_find(request, permission=EDIT_FEATURE, **named), by=actor_of(request))
        return Response(status=204)

    def _update(self, request: Request, resource: ExternalResource, *, partial: bool) -> Response:
        form = ExternalResourceSerializer(resource, data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        changed = actions.update(resource, by=actor_of(request), **form.validated_data)
        return Response(ExternalResourceSerializer(changed).data)


def _find(request: Request, project_id: int, feature_id: int, resource_id: int, **permission: str) -> ExternalResource:
    feature = features.find(actor_of(request), project_id, feature_id, **permission)
    found = ExternalResource.objects.select_related("feature__project").filter(feature=feature, pk=resource_id).first()
    if found is None:
        raise errors.no_match("FeatureExternalResource")
    return found


_OWN = "projects/<id:project_id>/features/<id:feature_id>/feature-external-resources/"

urlpatterns = [
    path(_OWN, ExternalResources),
    path(f"{_OWN}<id:resource_id>/", OneExternalResource),
]
