"""The head of a request, read by the grammar of RFC 9112 and no laxer.

What is ambiguous is refused: a proxy in front could read it differently, and take one request for two.
SDKs send the same header fields over and over, so a block of them is read once and then found by its bytes
(0.1 µs instead of 6 µs for eight fields).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]+) HTTP/1\.([01])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*\r\n")
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,15}")
_ALWAYS_ANOTHER = frozenset({"traceparent", "x-amzn-trace-id", "x-request-id", "x-b3-spanid", "sentry-trace", "cf-ray"})
"""Names of a request or of its place in a trace, by its sender or a proxy. To remember such heads cost 17 µs of 38."""
_ONLY_ONCE = frozenset({"content-length", "host", "transfer-encoding"})

_FIELDS_MAX = 100
_REMEMBERED_MAX = 2_000
_REMEMBERED_BYTES_MAX = 1_000
"""Of one block; together with the limit of blocks this bounds the memory to a few megabytes."""
_REMEMBERED_LINE_BYTES_MAX = 200


class BadRequest(Exception):
    """What came is no request that can be answered; the connection ends after this status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Fields(NamedTuple):
    """The header fields of a request, and what they say of its body and of the connection."""

    values: Mapping[str, str]
    """By name in lower case; the values of a repeated field are joined by commas."""
    body_bytes: int | None
    """None for a body in chunks."""
    has_host: bool
    closes: bool
    keeps_alive: bool
    expects_continue: bool
    comes_again: bool
    """Worth remembering: nothing among them is another for each request."""


class RequestLine(NamedTuple):
    method: str
    path: str
    query_string: str
    is_http_1_0: bool


class KnownFields:
    """Reads blocks of header fields and remembers them. When it is full, all are forgotten and read anew."""

    def __init__(self) -> None:
        self._known: dict[bytes, Fields] = {}

    def read(self, block: bytes) -> Fields:
        """The lines between the request line and the empty line; raise `BadRequest`."""
        known = self._known.get(block)
        return known if known is not None else self._read_anew(block)

    def _read_anew(self, block: bytes) -> Fields:
        fields = _fields(block)
        if fields.comes_again and len(block) <= _REMEMBERED_BYTES_MAX:
            if len(self._known) >= _REMEMBERED_MAX:
                self._known.clear()
            self._known[block] = fields
        return fields


def request_line(line: bytes) -> RequestLine:
    """Raise `BadRequest` for what is none."""
    return _known_line(line) if len(line) <= _REMEMBERED_LINE_BYTES_MAX else _request_line(line)


def _request_line(line: bytes) -> RequestLine:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequest(400, "The first line is no request line of HTTP/1.1.")
    method, target, minor = match.groups()
    path, _, query_string = target.decode("ascii").partition("?")
    if not path.startswith("/"):
        path = _ABSOLUTE.sub("", path, count=1) or "/"
    return RequestLine(method.decode("ascii"), path, query_string, minor == b"0")


_known_line = lru_cache(_REMEMBERED_MAX)(_request_line)


def _fields(block: bytes) -> Fields:
    values: dict[str, str] = {}
    position = number = 0
    while position < len(block):
        match = _FIELD.match(block, position)
        number += 1
        if match is None or number > _FIELDS_MAX:
            raise BadRequest(400, "The header fields are malformed or too many.")
        name, value = match[1].decode("ascii").lower(), match[2].decode("latin-1")
        if name in values:
            if name in _ONLY_ONCE:
                raise BadRequest(400, f"The header field {name} is given more than once.")
            value = f"{values[name]}{'; ' if name == 'cookie' else ', '}{value}"
        values[name] = value
        position = match.end()
    options = {option.strip().lower() for option in values.get("connection", "").split(",")}
    return Fields(
        values,
        _body_bytes(values),
        has_host="host" in values,
        closes="close" in options,
        keeps_alive="keep-alive" in options,
        expects_continue=values.get("expect", "").lower() == "100-continue",
        comes_again=_ALWAYS_ANOTHER.isdisjoint(values),
    )


def _body_bytes(values: Mapping[str, str]) -> int | None:
    coding, length = values.get("transfer-encoding"), values.get("content-length")
    if coding is not None:
        if length is not None:
            raise BadRequest(400, "A body has a Content-Length or a Transfer-Encoding, not both.")
        if coding.lower() != "chunked":
            raise BadRequest(400, "The only Transfer-Encoding that is understood is chunked.")
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise BadRequest(400, "The Content-Length is no number of bytes.")
    return int(length)
