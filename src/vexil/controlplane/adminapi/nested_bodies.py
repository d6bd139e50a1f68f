"""Bodies with lists of objects in them."""

from typing import Any

from rest_framework import serializers

_ID_MAX = 2**63 - 1


class Id(serializers.IntegerField):
    """An id that fits a column."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=_ID_MAX, **options)


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


class NestedBody(serializers.Serializer[Any]):
    """With `patch` in its context its own fields may be left out, but what stands inside them is whole.

    The framework's `partial` would let the inner objects be incomplete, too.
    """

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values() if self.context.get("patch") else ():
            field.required = False
        return fields
