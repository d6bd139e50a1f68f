"""The health of features: its providers, what they told, and the address at which they tell."""

import json
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_health as actions
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_health_messages import READERS
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import HealthEvent, HealthProvider, HealthProviderName
from vexil.controlplane.queries import feature_health as queries


class ProviderName(serializers.Serializer[None]):
    name = serializers.ChoiceField(HealthProviderName.values)


class HealthEventSerializer(serializers.ModelSerializer[HealthEvent]):
    class Meta:
        model = HealthEvent
        fields = ["id", "created_at", "environment", "feature", "provider_name", "reason", "type"]


class Providers(APIView):
    """compat: a plain list."""

    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.administered_project(actor_of(request), project_id)
        providers = HealthProvider.objects.filter(project=project).select_related("created_by").order_by("pk")
        return Response([_shown(provider, request) for provider in providers])

    def post(self, request: Request, project_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_administer(by, project_id)
        form = ProviderName(data=request.data)
        form.is_valid(raise_exception=True)
        provider = actions.add_provider(project, form.validated_data["name"], by=by)
        return Response(_shown(provider, request), status=201)


class OneProvider(APIView):
    def delete(self, request: Request, project_id: int, name: str) -> Response:
        by = actor_of(request)
        project = lookups.administered_project(by, project_id)
        provider = HealthProvider.objects.filter(project=project, name__iexact=name).select_related("project").first()
        if provider is None:
            raise errors.no_match("FeatureHealthProvider")
        actions.remove_provider(provider, by=by)
        return Response(status=204)


class HealthEvents(APIView):
    """compat: a plain list."""

    def get(self, request: Request, project_id: int) -> Response:
        project = lookups.project(actor_of(request), project_id)
        return Response(HealthEventSerializer(queries.of_project(project), many=True).data)


class Dismiss(APIView):
    def post(self, request: Request, project_id: int, event_id: int) -> Response:
        by = actor_of(request)
        project = lookups.project_to_add_to(by, project_id, permissions.EDIT_FEATURE)
        live = HealthEvent.objects.filter(feature__project=project, feature__deleted_at__isnull=True)
        event = queries.current(live, event_id)
        if event is None:
            raise errors.no_match("FeatureHealthEvent")
        actions.dismiss(event, by=by, now=datetime.now(UTC))
        return Response(status=204)


class Told(APIView):
    """Where providers tell; the path alone says which of them it is."""

    authentication_classes = []
    permission_classes = [AllowAny]
    schema = None

    def post(self, request: Request, path: str) -> Response:
        provider = queries.provider_at(path)
        if provider is None:
            raise NotFound(errors.NOT_FOUND)
        told = READERS[provider.name](_json(request))
        if not actions.tell(provider, told, now=datetime.now(UTC)):
            raise ValidationError({"feature": ["It names no feature of this project."]})
        return Response()


def _shown(provider: HealthProvider, request: Request) -> dict[str, Any]:
    return {
        "created_by": provider.created_by.email if provider.created_by else None,
        "name": provider.name,
        "project": provider.project_id,
        "webhook_url": request.build_absolute_uri(f"/api/v1/{queries.path_of(provider)}"),
    }


def _json(request: Request) -> Any:
    """Whatever its media type is said to be: senders are not particular about it."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"JSON parse error - {error}") from None


_HEALTH = "projects/<id:project_id>/feature-health/"

urlpatterns = [
    path(f"{_HEALTH}providers/", Providers),
    path(f"{_HEALTH}providers/<str:name>/", OneProvider),
    path(f"{_HEALTH}events/", HealthEvents),
    path(f"{_HEALTH}events/<id:event_id>/dismiss/", Dismiss),
    path(f"{queries.PATH}<path:path>", Told),
]
