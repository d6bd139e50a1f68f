"""Runs a WSGI application behind RSGI: the body is read first, the call made in a thread of a small pool."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog

from vexil.dataplane import errors
from vexil.dataplane.rsgi import BodyIncomplete, BodyTooLarge, Response, Scope, Stream, read_body, send
from vexil.server.noticing import NoticedStream
from vexil.tracing import Request, tracing
from vexil.turns import short_turns
from vexil.wire.headers import NO_STORE, VARY_ORIGIN, VERSION
from vexil.wire.routes import ROUTE

log = structlog.get_logger(__name__)

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_THREADS = 8
_READS = {"GET", "HEAD", "OPTIONS"}


class DjangoBridge:
    """`after_write` runs before the answer to a request that may have changed something."""

    def __init__(
        self, application: WsgiApplication, body_bytes_max: int, after_write: Callable[[], Awaitable[None]]
    ) -> None:
        self._application = application
        self._after_write = after_write
        self._body_bytes_max = body_bytes_max
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="django")

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        span = tracing.request(scope.method, scope.path, scope.headers)
        environ: dict[str, Any] = {}
        try:
            body = await read_body(scope.headers, stream, self._body_bytes_max)
            environ = _environ(scope, body)
            response = await asyncio.get_running_loop().run_in_executor(self._threads, self._call, environ, span)
            if scope.method not in _READS:
                await self._after_write()
        except BodyTooLarge:
            response = _error(errors.body_too_large(self._body_bytes_max), scope)
        except BodyIncomplete:
            response = _error(errors.body_incomplete(), scope)
        except Exception:
            # The outermost point of a request: the client gets JSON, the log gets the cause.
            log.exception("request.failed")
            response = _error(errors.internal(), scope)
        route = environ.get(ROUTE)
        if route and isinstance(stream, NoticedStream):
            stream.route = route
        if span:
            span.end(route, response.status)
        send(stream, response)

    def stop(self) -> None:
        """Wait for requests that run."""
        self._threads.shutdown(wait=True, cancel_futures=False)

    def _call(self, environ: dict[str, Any], span: Request | None) -> Response:
        with short_turns, span.current() if span else nullcontext():
            return self._answer(environ)

    def _answer(self, environ: dict[str, Any]) -> Response:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            started[:] = [int(status[:3]), headers]

        chunks = self._application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            # Django ends the request, and gives back its database connection, when the answer is closed.
            if close := getattr(chunks, "close", None):
                close()
        status, headers = started
        return Response(status, tuple(headers), body)


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """The request as PEP 3333 has it: texts hold the bytes of the wire as latin-1."""
    host, _, port = (scope.headers.get("host") or "localhost").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if scope.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in {"CONTENT_LENGTH", "TRANSFER_ENCODING"} and "_" not in name:
            # A header with an underscore could pass for one with a hyphen.
            header = f"HTTP_{key}"
            environ[header] = f"{environ[header]},{value}" if header in environ else value
    return environ


def _error(refusal: errors.Refusal, scope: Scope) -> Response:
    response = errors.answer(refusal, scope)
    return response._replace(headers=(*response.headers, *VERSION, *NO_STORE, *VARY_ORIGIN))
