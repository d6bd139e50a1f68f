"""One call that changes all that a feature is in one environment: /api/__future__/environments/…/features/…/."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane import permissions
from vexil.controlplane.actions import feature_updates as actions
from vexil.controlplane.actions import values
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate, Update
from vexil.controlplane.actions.values import ValueColumns
from vexil.controlplane.adminapi import errors, lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_values import Percentage, ValueAsText
from vexil.controlplane.adminapi.nested_bodies import Entry, Id
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Feature, FeatureState, Segment
from vexil.controlplane.permissions import MANAGE_SEGMENT_OVERRIDES, UPDATE_FEATURE_STATE, VIEW_ENVIRONMENT, Actor
from vexil.controlplane.queries import feature_states as queries
from vexil.wire.snapshot import FlagValue

PRIORITY_MAX = 1_000_000
_RIGHTS = {"environment_default": UPDATE_FEATURE_STATE, "segment_overrides": MANAGE_SEGMENT_OVERRIDES}


class _Variant(Entry):
    id = Id()
    weight = Percentage()


class _Part(Entry):
    """What the default and an override have in common."""

    enabled = serializers.BooleanField(required=False)
    value = ValueAsText(required=False, allow_null=True)
    variants = _Variant(many=True, required=False)


class _Segment(serializers.Serializer[Any]):
    id = Id()

    def validate_id(self, segment_id: int) -> int:
        if not Segment.live.filter(pk=segment_id, project=self.context["feature"].project).exists():
            raise serializers.ValidationError("Segment not found.")
        return segment_id


class _Override(_Part):
    segment = _Segment()
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=PRIORITY_MAX)


class _Update(serializers.Serializer[Any]):
    environment_default = _Part(required=False)
    segment_overrides = _Override(many=True, required=False)


class FeatureInEnvironment(APIView):
    def get(self, request: Request, environment_key: str, feature_id: int) -> Response:
        environment, feature = _find(actor_of(request), environment_key, feature_id)
        return Response(_json(environment, feature))

    def patch(self, request: Request, environment_key: str, feature_id: int) -> Response:
        by, (environment, feature) = actor_of(request), self._permitted(request, environment_key, feature_id)
        actions.merge(environment, feature, _valid(request, feature), by=by)
        return Response(_json(environment, feature))

    def put(self, request: Request, environment_key: str, feature_id: int) -> Response:
        by, (environment, feature) = actor_of(request), self._permitted(request, environment_key, feature_id)
        actions.replace_parts(environment, feature, _valid(request, feature), by=by)
        return Response(_json(environment, feature))

    def _permitted(self, request: Request, environment_key: str, feature_id: int) -> tuple[Environment, Feature]:
        by = actor_of(request)
        environment, feature = _find(by, environment_key, feature_id)
        for part, right in _RIGHTS.items():
            if part in body_of(request) and not permissions.has_environment_permission(by, environment, right):
                raise PermissionDenied
        return environment, feature


class OverrideOfFeature(APIView):
    def delete(self, request: Request, environment_key: str, feature_id: int, segment_id: int) -> Response:
        by = actor_of(request)
        environment, feature = _find(by, environment_key, feature_id)
        if not permissions.has_environment_permission(by, environment, MANAGE_SEGMENT_OVERRIDES):
            raise PermissionDenied
        actions.delete_override(environment, feature, segment_id, by=by)
        return Response(_json(environment, feature))


def _find(by: Actor, environment_key: str, feature_id: int) -> tuple[Environment, Feature]:
    """404 for a caller without any right there, too."""
    try:
        environment = lookups.environment(by, environment_key, VIEW_ENVIRONMENT)
    except PermissionDenied:
        raise NotFound(errors.NOT_FOUND) from None
    feature = Feature.live.filter(pk=feature_id, project_id=environment.project_id).select_related("project").first()
    if feature is None:
        raise NotFound(errors.NOT_FOUND)
    return environment, feature


def _valid(request: Request, feature: Feature) -> Update:
    form = _Update(data=request.data, context={"feature": feature})
    form.is_valid(raise_exception=True)
    default, overrides = form.validated_data.get("environment_default"), form.validated_data.get("segment_overrides")
    return Update(
        default=None if default is None else _change(default),
        overrides=None if overrides is None else [_override(override) for override in overrides],
    )


def _override(sent: dict[str, Any]) -> OverrideUpdate:
    segment = Segment.live.get(pk=sent["segment"]["id"])
    return OverrideUpdate(segment, _change(sent), sent.get("priority"))


def _change(sent: dict[str, Any]) -> Change:
    value: ValueColumns | None = None
    if "value" in sent:
        value = values.of_native(sent["value"]["native"] if sent["value"] else None)
    variants = sent.get("variants")
    shares = None if variants is None else [Share(entry["id"], entry["weight"]) for entry in variants]
    return Change(sent.get("enabled"), value, shares)


def _json(environment: Environment, feature: Feature) -> dict[str, Any]:
    default = queries.default(environment, feature)
    return {
        "environment_default": default and _part_json(default),
        "segment_overrides": [_override_json(state) for state in queries.overrides(environment, feature)],
    }


def _override_json(state: FeatureState) -> dict[str, Any]:
    link = state.feature_segment
    place = {"segment": {"id": link.segment_id}, "priority": link.priority} if link else {}
    return {**place, **_part_json(state)}


def _part_json(state: FeatureState) -> dict[str, Any]:
    variants = [{"id": row.option_id, "weight": row.percentage} for row in state.allocations.all()]
    return {"enabled": state.enabled, "value": _value_json(state.value), "variants": variants}


def _value_json(value: FlagValue) -> dict[str, str] | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"type": "boolean", "value": str(value).lower()}
    return {"type": "integer" if isinstance(value, int) else "string", "value": str(value)}


_FEATURE = "environments/<str:environment_key>/features/<id:feature_id>/"

urlpatterns = [
    path(_FEATURE, FeatureInEnvironment),
    path(f"{_FEATURE}segment-overrides/<id:segment_id>/", OverrideOfFeature),
]
