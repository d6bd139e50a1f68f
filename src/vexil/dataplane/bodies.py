"""Request bodies as values: JSON or a form, with the error texts that clients know (sdk-api.md §1.6)."""

import asyncio
import json
from collections.abc import Callable
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from vexil.dataplane import errors, rsgi
from vexil.dataplane.requests import OpenRequest

T = TypeVar("T")

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_FIELDS_MAX = 1_000
_PART_HEAD_BYTES_MAX = 4_096


INLINE_BYTES_MAX = 262_144
"""A larger body is read in a thread, since it takes long enough for other requests to notice."""


async def read(request: OpenRequest, bytes_max: int) -> Any:
    """The value of the request's body."""
    body = await rsgi.read_body(request.headers, request.stream, bytes_max)
    return await digested(body, request.headers.get("content-type"), parse)


async def digested(body: bytes, content_type: str | None, digest: Callable[[bytes, str | None], T]) -> T:
    """What `digest` makes of the body."""
    if len(body) <= INLINE_BYTES_MAX:
        return digest(body, content_type)
    return await asyncio.to_thread(digest, body, content_type)


def json_object(body: bytes, content_type: str | None) -> dict[str, Any] | None:
    """What `read` would give, if that is an object sent plainly as JSON."""
    if content_type != _JSON:
        return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def parse(body: bytes, content_type: str | None) -> Any:
    """The body's value; an empty body is an empty object. Raise `Refusal` for what cannot be read."""
    kind = _JSON if content_type == _JSON else media_type(content_type)
    if not body:
        return {}
    if kind == _JSON:
        return _json(body)
    if kind == _FORM:
        return _form(body)
    if kind == _MULTIPART:
        return _multipart(body, content_type or "")
    raise errors.unsupported_media_type(content_type or "")


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _json_or_refusal(body)


def _json_or_refusal(body: bytes) -> Any:
    """Again with the standard library, which says what is wrong in the words that clients know."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise errors.malformed_body("JSON parse error - nested too deeply") from None
    except ValueError as error:
        raise errors.malformed_body(f"JSON parse error - {error}") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"Out of range float values are not JSON compliant: '{name}'")


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise errors.malformed_body(f"Form parse error - more than {_FIELDS_MAX} fields", _FORM) from None
    return dict(fields)


def _multipart(body: bytes, content_type: str) -> dict[str, str]:
    """Without the standard library's parser, which takes a minute for 6 MB of very small parts."""
    boundary = _headers(b"Content-Type: " + content_type.encode("latin-1", "replace")).get_boundary()
    if not boundary:
        raise errors.malformed_body("Multipart form parse error - Invalid boundary in multipart: None", _MULTIPART)
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    _, *parts = (b"\r\n" + body).split(delimiter, _FIELDS_MAX + 1)
    if len(parts) > _FIELDS_MAX:
        raise errors.malformed_body(f"Multipart form parse error - more than {_FIELDS_MAX} parts", _MULTIPART)
    fields = {}
    for part in parts:
        if part.startswith(b"--"):
            break
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _headers(head.lstrip()).get_param("name", header="content-disposition") if blank else None
        if isinstance(name, str):
            fields[name] = content.decode("utf-8", "replace")
    return fields


def _headers(head: bytes) -> Message:
    return BytesHeaderParser().parsebytes(head[:_PART_HEAD_BYTES_MAX])
