"""Heads of answers as bytes."""

from collections.abc import Iterable
from http import HTTPStatus

from vexil.wire.headers import Headers
from vexil.wire.json_text import Text

_OURS = frozenset({"connection", "content-length", "date", "transfer-encoding"})
"""Written by the server alone, which knows them best."""
_BODILESS = frozenset({204, 304})
_REMEMBERED_MAX = 2_000
_REMEMBERED_HEADERS_MAX = 20
_REASONS = {int(status): status.phrase for status in HTTPStatus}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
CLOSE = b"connection: close\r\n"
KEEP_ALIVE = b"connection: keep-alive\r\n"


def framing(status: int, body: Text) -> bytes:
    """The line that says where the body ends."""
    return b"" if status in _BODILESS else b"content-length: %d\r\n" % len(body)


class KnownHeads:
    """Status line and headers, written once and then found (0.5 µs instead of 4 µs for nine headers)."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Headers], bytes] = {}

    def write(self, status: int, headers: Headers) -> bytes:
        """All but the lines that differ from answer to answer."""
        known = self._known.get((status, headers))
        return known if known is not None else self._write_anew(status, headers)

    def _write_anew(self, status: int, headers: Headers) -> bytes:
        head = _head(status, headers)
        if len(headers) <= _REMEMBERED_HEADERS_MAX:
            if len(self._known) >= _REMEMBERED_MAX:
                self._known.clear()
            self._known[status, headers] = head
        return head


def _head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _OURS]
    if any(end in line for line in lines for end in "\r\n\0"):
        raise ValueError("A header with a line end in it could pass for two.")
    return "\r\n".join([*lines, ""]).encode("latin-1")
