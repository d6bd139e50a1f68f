"""Custom fields inside the bodies of features, segments and environments."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from rest_framework import serializers

from vexil.controlplane.actions.metadata import Value
from vexil.controlplane.adminapi.nested_bodies import Entry
from vexil.controlplane.db.models import Metadata, MetadataModelField
from vexil.controlplane.db.models.metadata import FieldType


class MetadataSerializer(Entry):
    """One value. Ids that are sent along are ignored: a write replaces all values anyway."""

    model_field: "serializers.PrimaryKeyRelatedField[MetadataModelField]" = serializers.PrimaryKeyRelatedField(
        queryset=MetadataModelField.objects.select_related("field")
    )
    field_value = serializers.CharField(max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        field = attrs["model_field"].field
        check = _CHECKS.get(field.type)
        if check and not check(attrs["field_value"]):
            raise serializers.ValidationError(f"Invalid value for field {field.name}")
        return attrs


class ShownMetadata(serializers.Serializer[Metadata]):
    """One value, as `metadata_json` gives it; for the description of this API."""

    id = serializers.IntegerField()
    model_field = serializers.IntegerField()
    field_value = serializers.CharField()


def values_sent(sent: dict[str, Any]) -> list[Value]:
    """What a body holds; nothing where it does not mention them.

    compat: a write that leaves custom fields out clears them, a PATCH as well.
    """
    return [Value(entry["model_field"], entry["field_value"]) for entry in sent.get("metadata", ())]


def metadata_json(rows: Iterable[Metadata]) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=lambda row: row.pk)
    return [{"id": row.pk, "model_field": row.model_field_id, "field_value": row.field_value} for row in ordered]


def _is_integer(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit()


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_url(text: str) -> bool:
    try:
        URLValidator()(text)
    except ValidationError:
        return False
    return True


_CHECKS = {FieldType.INTEGER: _is_integer, FieldType.BOOLEAN: _is_boolean, FieldType.URL: _is_url}
