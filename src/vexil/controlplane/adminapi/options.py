"""What OPTIONS tells of a path: its name, what it reads and writes, and the fields of what it takes."""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

_WITH_BODY = ("PUT", "POST")


class Metadata(SimpleMetadata):
    """As DRF has it. What the path takes is known from the description of the API."""

    def determine_metadata(self, request: Request, view: Any) -> Any:
        metadata: Any = super().determine_metadata(request, view)
        form = _form(view)
        offered = [method for method in _WITH_BODY if form is not None and method in view.allowed_methods]
        if form is not None and offered:
            metadata["actions"] = dict.fromkeys(offered, self.get_serializer_info(form))
        return metadata


def _form(view: Any) -> BaseSerializer[Any] | None:
    from vexil.controlplane.adminapi import openapi_operations  # noqa: PLC0415 -- slow import

    name = f"{type(view).__module__.rpartition('.')[2]}.{type(view).__name__}"
    body = openapi_operations.BODIES.get(name)
    if isinstance(body, type) and issubclass(body, BaseSerializer):
        form: BaseSerializer[Any] = body()
        return form
    return None
