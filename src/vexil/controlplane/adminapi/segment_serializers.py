"""Segments in and out of JSON: a tree of rules whose errors keep their place in the tree."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from vexil.controlplane.actions import conditions
from vexil.controlplane.actions.metadata import Value
from vexil.controlplane.actions.segments import Rule
from vexil.controlplane.adminapi.metadata_values import MetadataSerializer, metadata_json, values_sent
from vexil.controlplane.adminapi.nested_bodies import Entry, NestedBody
from vexil.controlplane.db.models import Feature, Segment


class _AnyAsText(serializers.CharField):
    """Text. compat: what is no text becomes Python's text of it, nothing at all the text "None"."""

    def __init__(self) -> None:
        limit = settings.VEXIL.condition_value_characters_max
        super().__init__(default="None", allow_blank=True, trim_whitespace=False, max_length=limit)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = data if isinstance(data, str) or data is serializers.empty else str(data)
        return super().run_validation(text)


class _Condition(Entry):
    operator = serializers.ChoiceField(choices=conditions.OPERATORS)
    property = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        trim_whitespace=False,
        max_length=conditions.PROPERTY_CHARACTERS_MAX,
    )
    value = _AnyAsText()
    description = serializers.CharField(required=False, allow_null=True, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        operator, value = attrs["operator"], attrs["value"]
        if attrs.get("property") is None and operator != "PERCENTAGE_SPLIT":
            raise serializers.ValidationError({"property": ["This field is required."]})
        if fault := conditions.value_fault(operator, value):
            raise serializers.ValidationError({"value": [fault]})
        return {
            "operator": operator,
            "property": attrs.get("property"),
            "value": value,
            "description": attrs.get("description"),
        }


class _InnerRule(Entry):
    type = serializers.ChoiceField(choices=conditions.RULE_TYPES)
    conditions = _Condition(many=True, default=list)
    rules = serializers.ListField(default=list)
    """Must be empty; the action says so, since that is no matter of shape."""


class _OuterRule(Entry):
    type = serializers.ChoiceField(choices=conditions.RULE_TYPES)
    conditions = _Condition(many=True, default=list)
    rules = _InnerRule(many=True, default=list)


class SegmentSerializer(NestedBody):
    name = serializers.CharField(max_length=2000)
    description = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    feature: "serializers.PrimaryKeyRelatedField[Feature]" = serializers.PrimaryKeyRelatedField(
        queryset=Feature.live.all(), required=False, allow_null=True
    )
    rules = _OuterRule(many=True, allow_empty=False)
    metadata = MetadataSerializer(many=True, required=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "rules" in data:
            data = {**data, "rules": _without_deleted(data["rules"])}
        return super().to_internal_value(data)

    def validate_feature(self, feature: Feature | None) -> Feature | None:
        if feature is not None and feature.project_id != self.context["project"].pk:
            raise serializers.ValidationError(f'Invalid pk "{feature.pk}" - object does not exist.')
        return feature

    def columns(self) -> dict[str, Any]:
        """What is sent, without the custom fields."""
        return {name: value for name, value in self.validated_data.items() if name != "metadata"}

    def custom_fields(self) -> list[Value]:
        return values_sent(self.validated_data)


class NameSerializer(serializers.Serializer[Segment]):
    name = serializers.CharField(max_length=2000)


def segment_json(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.pk,
        "uuid": segment.uuid,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
        "name": segment.name,
        "description": segment.description,
        "project": segment.project_id,
        "feature": segment.feature_id,
        "version_of": segment.pk,
        "rules": [{**rule, "rules": [_inner_json(inner) for inner in rule["rules"]]} for rule in segment.rules],
        "metadata": metadata_json(segment.metadata.all()),
        "membership_counts": [],
        "managed_by": segment.managed_by,
    }


def _inner_json(rule: Rule) -> Rule:
    return {name: value for name, value in rule.items() if name != "rules"}


def _without_deleted(entries: Any) -> Any:
    """Rules and conditions without those marked `"delete": true`; what has another form is left for validation."""
    if not isinstance(entries, list):
        return entries
    kept = [entry for entry in entries if not (isinstance(entry, dict) and entry.get("delete") is True)]
    return [_pruned(entry) if isinstance(entry, dict) else entry for entry in kept]


def _pruned(rule: dict[str, Any]) -> dict[str, Any]:
    return {name: _without_deleted(value) if name in ("rules", "conditions") else value for name, value in rule.items()}
