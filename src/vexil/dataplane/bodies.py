"""Request bodies as values: JSON or a form, with the error texts that clients know (sdk-api.md §1.6)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from vexil.dataplane import errors, rsgi, web_forms
from vexil.dataplane.requests import OpenRequest

T = TypeVar("T")

_JSON = "application/json"


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
    if kind == web_forms.URLENCODED:
        return web_forms.urlencoded(body)
    if kind == web_forms.MULTIPART:
        return web_forms.multipart(body, content_type or "")
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
