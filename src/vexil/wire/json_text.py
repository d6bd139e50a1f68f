"""JSON as SDKs expect it: compact, and everything beyond ASCII escaped (sdk-api.md §1.7)."""

import json
from json.encoder import encode_basestring_ascii
from typing import Any

_encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def dumps(value: Any) -> bytes:
    return _encoder.encode(value).encode("ascii")


def text(value: str) -> bytes:
    """A JSON string; several times faster than `dumps` for the one case that the hot path has."""
    return encode_basestring_ascii(value).encode("ascii")
