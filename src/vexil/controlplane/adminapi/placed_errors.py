"""Errors of a list's entries, each at its entry's place."""

from typing import Any

from rest_framework import serializers


class PlacedErrors(serializers.ListSerializer[Any]):
    """compat: a list with `{}` for each good entry, where the framework has a dict of the bad ones by index."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            faults: Any = error.detail
            if isinstance(faults, dict) and all(isinstance(index, int) for index in faults):
                raise serializers.ValidationError([faults.get(index, {}) for index in range(len(data))]) from None
            raise


class Entry(serializers.Serializer[Any]):
    """A serializer that is used for the entries of lists."""

    class Meta:
        list_serializer_class = PlacedErrors
