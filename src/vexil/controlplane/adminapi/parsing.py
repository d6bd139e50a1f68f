"""JSON bodies: what the framework's parser lets through by accident is refused here."""

import codecs
import json
import math
from typing import IO, Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

COLUMN_RANGE = {"min_value": -(2**31), "max_value": 2**31 - 1}
"""What an integer column holds on PostgreSQL; SQLite would take more, and then could never move there."""


class JsonBody(BaseParser):
    """A body that is no JSON at all is 400 `JSON parse error - …`."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], _media_type: str | None = None, parser_context: Any = None) -> Any:
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        try:
            text = codecs.decode(stream.read(), encoding)
            return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, LookupError, TypeError) as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object, for views that look into it before a serializer does; 400 when it is none."""
    body = request.data
    if body is None:
        raise ValidationError({"non_field_errors": ["No data provided"]})
    if not isinstance(body, dict):
        kind = type(body).__name__
        raise ValidationError({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return body


def parent_id(request: Request, field: str) -> int | None:
    """The id of the parent that a body names; None when it is missing or no number."""
    value = body_of(request).get(field)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        _refuse_constant(text)
    return number
