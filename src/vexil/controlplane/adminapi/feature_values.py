"""Values and percentages as bodies carry them."""

import math
from typing import Any

from django.conf import settings
from rest_framework import serializers

from vexil.controlplane.actions import values
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.values import INTEGER_MAX, INTEGER_MIN, ValueColumns
from vexil.controlplane.adminapi.nested_bodies import Entry, Id
from vexil.controlplane.db.models.features import TypedValue, ValueType
from vexil.wire.snapshot import FlagValue


class FlagText(serializers.CharField):
    """A text value, kept as it is sent."""

    def __init__(self, **options: Any) -> None:
        limit = settings.VEXIL.feature_value_characters_max
        super().__init__(allow_blank=True, allow_null=True, trim_whitespace=False, max_length=limit, **options)


class FlagInteger(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, min_value=INTEGER_MIN, max_value=INTEGER_MAX, **options)


class Percentage(serializers.FloatField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=100, **options)

    def to_internal_value(self, data: Any) -> float:
        number = super().to_internal_value(data)
        if math.isnan(number):
            self.fail("invalid")
        return number


class TypedValueSerializer(serializers.Serializer[TypedValue]):
    """A value column by column; what is left out keeps what it holds."""

    type = serializers.ChoiceField(choices=ValueType.values, required=False)
    integer_value = FlagInteger(required=False)
    string_value = FlagText(required=False)
    boolean_value = serializers.BooleanField(required=False, allow_null=True)


def columns_sent(sent: dict[str, Any]) -> ValueColumns:
    """The columns among what a `TypedValueSerializer` has found valid."""
    columns: Any = {name: sent[name] for name in ValueColumns.__annotations__ if name in sent}
    valid: ValueColumns = columns
    return valid


class ValueAsText(serializers.Serializer[Any]):
    """A value as text beside the name of its type."""

    type = serializers.ChoiceField(choices=("string", "integer", "boolean"))
    value = FlagText()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        text = attrs["value"]
        if text is None or attrs["type"] == "string":
            return {"native": text}
        field = FlagInteger() if attrs["type"] == "integer" else serializers.BooleanField()
        try:
            return {"native": field.run_validation(text)}
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from None


class ShareSerializer(Entry):
    multivariate_feature_option = Id()
    percentage_allocation = Percentage()


def shares_of(entries: list[dict[str, Any]] | None) -> list[Share] | None:
    if entries is None:
        return None
    return [Share(entry["multivariate_feature_option"], entry["percentage_allocation"]) for entry in entries]


def native_columns(value: Any) -> ValueColumns:
    """A value sent as itself. compat: what is wrong is said at the name of the column."""
    if value is None or isinstance(value, bool):
        return values.of_native(value)
    name, sent = "string_value", value
    field: FlagText | FlagInteger = FlagText()
    if isinstance(value, int):
        name, field = "integer_value", FlagInteger()
    elif isinstance(value, float):
        sent = str(value)
    try:
        valid: FlagValue = field.run_validation(sent)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from None
    return values.of_native(valid)
