"""v2 versions, and the states in them, in and out of JSON."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.version_states import StateOfVersion
from vexil.controlplane.adminapi.feature_values import ShareSerializer, TypedValueSerializer, shares_of
from vexil.controlplane.adminapi.nested_bodies import Entry, NestedBody
from vexil.controlplane.db.models import FeatureVersion, Segment

_PRIORITY_MAX = 1_000_000


class _Link(serializers.Serializer[Any]):
    """The segment of an override, in the project of the context's environment."""

    segment: "serializers.PrimaryKeyRelatedField[Segment]" = serializers.PrimaryKeyRelatedField(
        queryset=Segment.live.all()
    )
    priority = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=_PRIORITY_MAX)

    def validate_segment(self, segment: Segment) -> Segment:
        if segment.project_id != self.context["environment"].project_id:
            raise serializers.ValidationError(f'Invalid pk "{segment.pk}" - object does not exist.')
        return segment


class VersionedState(Entry, NestedBody):
    """A state of a version; without a link, the one for everybody."""

    feature_segment = _Link(required=False, allow_null=True)
    enabled = serializers.BooleanField(required=False)
    feature_state_value = TypedValueSerializer()
    multivariate_feature_state_values = ShareSerializer(many=True, required=False)


def wanted_state(sent: dict[str, Any]) -> StateOfVersion:
    link = sent.get("feature_segment") or {}
    return StateOfVersion(change_of(sent), link.get("segment"), link.get("priority"))


def change_of(sent: dict[str, Any]) -> Change:
    shares = shares_of(sent.get("multivariate_feature_state_values"))
    return Change(sent.get("enabled"), sent.get("feature_state_value"), shares)


def version_json(version: FeatureVersion, now: datetime) -> dict[str, Any]:
    was_live = version.published and version.live_from is not None and version.live_from <= now
    return {
        "created_at": version.created_at,
        "updated_at": version.updated_at,
        "published": version.published,
        "live_from": version.live_from,
        "uuid": version.pk,
        "is_live": was_live,
        "published_by": version.published_by_id,
        "created_by": version.created_by_id,
        "description": version.description,
    }
