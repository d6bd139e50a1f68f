"""One-call updates in their older forms: /api/experiments/environments/…/. They answer 204."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from vexil.controlplane.actions import feature_updates as actions
from vexil.controlplane.actions import values
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import ChangeRequestsEnabled, OverrideUpdate, Update
from vexil.controlplane.adminapi import lookups
from vexil.controlplane.adminapi.authentication import actor_of
from vexil.controlplane.adminapi.feature_updates import PRIORITY_MAX
from vexil.controlplane.adminapi.feature_values import ShareSerializer, ValueAsText, shares_of
from vexil.controlplane.adminapi.nested_bodies import Entry, Id
from vexil.controlplane.adminapi.parsing import body_of
from vexil.controlplane.adminapi.paths import path
from vexil.controlplane.db.models import Environment, Feature, Segment
from vexil.controlplane.permissions import MANAGE_SEGMENT_OVERRIDES, UPDATE_FEATURE_STATE

_SHARES = "multivariate_feature_state_values"


class _FeatureName(serializers.Serializer[Any]):
    """A feature by name or by id."""

    name = serializers.CharField(required=False)
    id = Id(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Either 'id' or 'name' is required.")
        return attrs


class _SegmentName(serializers.Serializer[Any]):
    id = Id()


class _Place(_SegmentName):
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=PRIORITY_MAX)


class _State(Entry):
    enabled = serializers.BooleanField()
    value = ValueAsText()


class _Override(_State):
    segment_id = Id()
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=PRIORITY_MAX)
    multivariate_feature_state_values = ShareSerializer(many=True, required=False)


class OneUpdate(_State):
    feature = _FeatureName()
    segment = _Place(required=False, allow_null=True)


class WholeUpdate(serializers.Serializer[Any]):
    feature = _FeatureName()
    environment_default = _State()
    segment_overrides = _Override(many=True, required=False)


class Deletion(serializers.Serializer[Any]):
    feature = _FeatureName()
    segment = _SegmentName()


class UpdateOne(APIView):
    """The default, or one segment override."""

    def post(self, request: Request, environment_key: str) -> Response:
        by, overrides = actor_of(request), body_of(request).get("segment") is not None
        right = MANAGE_SEGMENT_OVERRIDES if overrides else UPDATE_FEATURE_STATE
        environment = lookups.environment(by, environment_key, right)
        sent = _valid(OneUpdate(data=request.data))
        change, place = _change(sent), sent.get("segment")
        if place is None:
            update = Update(default=change)
        else:
            segment = _segment(environment, place["id"])
            update = Update(overrides=[OverrideUpdate(segment, change, place.get("priority"))], new_overrides_last=True)
        return _merged(request, environment, sent, update)


class UpdateAll(APIView):
    """The default together with any number of segment overrides."""

    def post(self, request: Request, environment_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, environment_key, UPDATE_FEATURE_STATE)
        if "segment_overrides" in body_of(request):
            lookups.environment(by, environment_key, MANAGE_SEGMENT_OVERRIDES)
        sent = _valid(WholeUpdate(data=request.data))
        overrides = [
            OverrideUpdate(_segment(environment, entry["segment_id"]), _change(entry), entry.get("priority"))
            for entry in sent.get("segment_overrides", ())
        ]
        default = _change(sent["environment_default"])
        update = Update(default=default, overrides=overrides, new_overrides_last=True)
        return _merged(request, environment, sent, update)


class DeleteOverride(APIView):
    def post(self, request: Request, environment_key: str) -> Response:
        by = actor_of(request)
        environment = lookups.environment(by, environment_key, MANAGE_SEGMENT_OVERRIDES)
        sent = _valid(Deletion(data=request.data))
        feature = _feature(environment, request, sent)
        try:
            actions.delete_override(environment, feature, sent["segment"]["id"], by=by)
        except ChangeRequestsEnabled:
            raise _closed() from None
        return Response(status=204)


def _merged(request: Request, environment: Environment, sent: dict[str, Any], update: Update) -> Response:
    feature = _feature(environment, request, sent)
    try:
        actions.merge(environment, feature, update, by=actor_of(request))
    except ChangeRequestsEnabled:
        raise _closed() from None
    return Response(status=204)


def _closed() -> PermissionDenied:
    """compat: 403 here, 409 at the newer paths."""
    return PermissionDenied("Cannot update flags in an environment with change requests enabled.")


def _valid(form: serializers.Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    valid: dict[str, Any] = form.validated_data
    return valid


def _feature(environment: Environment, request: Request, sent: dict[str, Any]) -> Feature:
    features = Feature.live.filter(project_id=environment.project_id, **sent["feature"])
    feature = features.select_related("project").first()
    if feature is None:
        # compat: the sent object as Python writes it.
        raise ValidationError([f"Feature '{body_of(request)['feature']}' not found in project"])
    return feature


def _segment(environment: Environment, segment_id: int) -> Segment:
    segment = Segment.live.filter(pk=segment_id, project_id=environment.project_id).first()
    if segment is None:
        raise ValidationError({"segment": ["Segment not found."]})
    return segment


def _change(sent: dict[str, Any]) -> Change:
    return Change(sent["enabled"], values.of_native(sent["value"]["native"]), shares_of(sent.get(_SHARES)))


_ENVIRONMENT = "environments/<str:environment_key>/"

urlpatterns = [
    path(f"{_ENVIRONMENT}update-flag-v1/", UpdateOne),
    path(f"{_ENVIRONMENT}update-flag-v2/", UpdateAll),
    path(f"{_ENVIRONMENT}delete-segment-override/", DeleteOverride),
]
