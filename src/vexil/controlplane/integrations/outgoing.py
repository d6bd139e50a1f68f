"""HTTP requests to URLs that people typed: to public addresses only, without redirects, and never for long.

The address is looked up once, checked, and then used, so that a name cannot lead elsewhere a moment later.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from vexil.controlplane.integrations.addresses import InternalAddress, UnknownHost, resolve
from vexil.controlplane.integrations.requests import Request

TIMEOUT_SECONDS = 10.0
BODY_BYTES_MAX = 10_000
"""How much of an answer is read; nobody needs more to see what went wrong."""

JSON_BYTES_MAX = 4_000_000
"""The same for a list that is read."""


class Unreachable(Exception):
    """There was no answer; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By lower-case name."""


def check(url: str, *, allow_internal: bool) -> None:
    """Raise `InternalAddress` when the URL leads to one now. An unknown host may become known later."""
    parts = urlsplit(url)
    try:
        resolve(parts.hostname or "", _port(url), allow_internal=allow_internal)
    except UnknownHost:
        return


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_internal: bool) -> Answer:
    return send(Request(url, body, headers), allow_internal=allow_internal)


def send(request: Request, *, allow_internal: bool, body_bytes_max: int = BODY_BYTES_MAX) -> Answer:
    """Send it once; raise `Unreachable` when there is no answer within the time, or the address is internal."""
    try:
        with closing(_connect(request.url, allow_internal=allow_internal)) as connected, _cut_off(connected):
            return _exchange(request, connected, body_bytes_max)
    except InternalAddress:
        raise Unreachable("The host is in an internal or private network.") from None
    except UnknownHost as error:
        raise Unreachable(str(error)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from None


def ask(request: Request, *, allow_internal: bool) -> tuple[Any, Answer]:
    """The JSON of a good answer, and the answer; raise `Unreachable` for any other."""
    answer = send(request, allow_internal=allow_internal, body_bytes_max=JSON_BYTES_MAX)
    if not 200 <= answer.status < 300:
        raise Unreachable(f"{answer.status}: {answer.body[:200]}")
    try:
        return msgspec.json.decode(answer.body) if answer.body else None, answer
    except msgspec.DecodeError as error:
        raise Unreachable(f"The answer is no JSON: {error}") from None


def _connect(url: str, *, allow_internal: bool) -> socket.socket:
    """A connection to the first address that accepts one."""
    port = _port(url)
    give_up_at = time.monotonic() + TIMEOUT_SECONDS
    failure: OSError = TimeoutError("timed out")
    for address in resolve(urlsplit(url).hostname or "", port, allow_internal=allow_internal):
        left = give_up_at - time.monotonic()
        if left <= 0:
            break
        try:
            connected = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
        else:
            connected.settimeout(TIMEOUT_SECONDS)
            return connected
    raise failure


@contextmanager
def _cut_off(connected: socket.socket) -> Iterator[None]:
    """End the connection after the time, whatever the other side still sends: one byte now and then, say."""
    handle = connected.dup()  # the connection's own changes hands when TLS starts
    timer = threading.Timer(TIMEOUT_SECONDS, _shut_down, [handle])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _shut_down(handle: socket.socket) -> None:
    with suppress(OSError):  # the other side may have gone
        handle.shutdown(socket.SHUT_RDWR)


def _exchange(request: Request, connected: socket.socket, body_bytes_max: int) -> Answer:
    """Speak to the host by its name, over a connection to the address that was checked."""
    url, parts = request.url, urlsplit(request.url)
    is_secure = parts.scheme == "https"
    connection = (http.client.HTTPSConnection if is_secure else http.client.HTTPConnection)(
        parts.hostname or "", _port(url)
    )
    if is_secure:
        connected = ssl.create_default_context().wrap_socket(connected, server_hostname=parts.hostname)
    connection.sock = connected
    with closing(connection):
        target = parts._replace(scheme="", netloc="", fragment="", path=parts.path or "/").geturl()
        connection.request(request.method, target, request.body, dict(request.headers))
        with connection.getresponse() as response:
            text = response.read(body_bytes_max).decode(errors="replace")
            return Answer(response.status, text, {name.lower(): value for name, value in response.getheaders()})


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
