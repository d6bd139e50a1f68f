"""The data plane as one application: paths to endpoints, and the checks that all of them share.

Order of the checks (sdk-api.md §1.1): host, preflight, path, `Accept`, key, its kind, the organisation, method, body.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from vexil.config import Config
from vexil.dataplane import errors, failures, gauges, health, lookups, rsgi, serving, streams
from vexil.dataplane.analytics import Analytics
from vexil.dataplane.compression import coding_for
from vexil.dataplane.deprecated import Deprecated
from vexil.dataplane.endpoints import Endpoint, Endpoints, Handlers, all_endpoints, description, headers_of
from vexil.dataplane.environments import Environments, NotLoaded
from vexil.dataplane.errors import Refusal
from vexil.dataplane.extensions import extensions
from vexil.dataplane.health import Installation
from vexil.dataplane.hosts import KnownHosts
from vexil.dataplane.identifications import Identifications
from vexil.dataplane.identities import Identities
from vexil.dataplane.prepared import PreparedAnswers
from vexil.dataplane.requests import OpenRequest, Request, Sender
from vexil.dataplane.rsgi import Response, Scope, ScopeHeaders, Stream
from vexil.dataplane.shortcuts import Shortcut, Shortcuts
from vexil.dataplane.stored_traits import StoredTraits
from vexil.dataplane.usage import UsageCounter
from vexil.refused_hosts import RefusedHosts
from vexil.stores.batches import Batches
from vexil.stores.identities import Identity, Increment, Saved, Upsert
from vexil.stores.opening import Stores
from vexil.stores.unavailable import Unavailable
from vexil.told_errors import told_errors
from vexil.wire import cors
from vexil.wire import headers as wire_headers
from vexil.wire.errors import explain
from vexil.wire.headers import Headers
from vexil.wire.keys import is_server_key

log = structlog.get_logger(__name__)


Service = Callable[[Scope], Awaitable[Response]]


class DataPlane:
    """Answers the paths it `owns`. `start` and `stop` are called in the process and loop that serve it."""

    def __init__(
        self,
        config: Config,
        stores: Stores,
        installation: Installation,
        *,
        serves_flags: bool = True,
        metrics: Service | None = None,
    ) -> None:
        self._config = config
        self._stores = stores
        self._installation = installation
        self._environments = Environments(stores, lambda *change: self._streams.changed(*change))
        self._streams = streams.Streams(
            self._environments, streams.limits(config.streams_max, config.streams_per_second)
        )
        self._serves_streams = serves_flags
        self._compresses = config.enable_gzip_compression
        self._cors = cors.of(config)
        self._cors_of_ofrep = replace(self._cors, with_etags=True)
        self._usage = UsageCounter(stores, keeps_requests=config.enable_api_usage_tracking)
        self._shortcuts = Shortcuts(self._environments, self._usage, body_bytes_max=config.body_bytes_max)
        self._identifications = Identifications(stores.identifications)
        self._saves: Batches[Upsert, Saved] = Batches(stores.identities.upsert_many)
        self._finds: Batches[tuple[int, str], Identity | None] | None = None
        if config.database_url:
            self._finds = Batches(stores.identities.find_many)
        self._increments: Batches[Increment, int] = Batches(stores.identities.increment_many)
        self._endpoints = self._all_endpoints() if serves_flags else Endpoints({})
        self._services: dict[str, Service] = {
            "/health": self._readiness,
            "/health/": self._readiness,
            "/health/readiness/": self._readiness,
            "/healthcheck": self._readiness,
            "/health/liveness/": self._liveness,
            "/version/": self._version,
        }
        if metrics:
            self._services["/metrics/"] = metrics
        self._hosts = KnownHosts(config.allowed_hosts, trusts_proxy=config.use_x_forwarded_host)
        self._refused_hosts = RefusedHosts()
        self._always = wire_headers.VERSION + (wire_headers.NO_STORE if config.add_never_cache_headers else ())

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._streams.start(loop)
        self._environments.start()
        self._usage.start(loop)
        self._identifications.start(loop)

    async def stop(self) -> None:
        """Leave nothing behind in memory that was acknowledged or counted."""
        self._streams.end()
        await self._saves.close()
        await self._increments.close()
        if self._finds:
            await self._finds.close()
        await asyncio.to_thread(self._environments.stop)
        await self._usage.stop()
        await self._identifications.stop()

    async def catch_up(self) -> None:
        """Take in what was published just now: whoever changed a flag through this process sees it at once."""
        try:
            await asyncio.to_thread(self._environments.refresh)
        except Unavailable:
            log.warning("snapshots.delayed")

    async def write_counts(self) -> None:
        """Write what this process has counted: whoever asks for it right after a request finds that request."""
        await self._usage.flush()

    def streams(self) -> int:
        """How many clients are connected to an event stream."""
        return self._streams.count

    def watch(self) -> None:
        """Let metrics show what there is of everything."""
        batches: dict[str, Batches[Any, Any] | None]
        batches = {"saves": self._saves, "increments": self._increments, "finds": self._finds}
        gauges.watch(self._streams, self._environments, batches)

    def route(self, path: str) -> str | None:
        """The path with its parts named instead of filled in; None where nothing of ours is."""
        if self._stream_key(path) is not None:
            return streams.ROUTE
        found = (tried if tried in self._services else self._endpoints.template(tried) for tried in (path, path + "/"))
        return next(filter(None, found), None)

    def end_streams(self) -> None:
        """From any thread: the server is about to stop and waits for what is open."""
        self._streams.end_soon()

    def owns(self, path: str) -> bool:
        slashed = path if path.endswith("/") else path + "/"
        if path in self._services or path in self._endpoints or slashed in self._endpoints or slashed in self._services:
            return True
        return self._stream_key(path) is not None

    def _stream_key(self, path: str) -> str | None:
        return streams.key_of(path) if self._serves_streams else None

    def shortcut(self, scope: Scope) -> Shortcut | None:
        """What answers further requests with this head; None where each must take the whole way."""
        headers = scope.headers
        endpoint = self._endpoints.find(scope.path)
        quick = endpoint.quick.get(scope.method) if endpoint else None
        if endpoint is None or quick is None or not self._hosts.is_good(self._hosts.of(headers)):
            return None
        if self._compresses and coding_for(headers.get("accept-encoding")):
            return None
        try:
            _refuse_unless_acceptable(scope)
            key = _key(endpoint, headers)
        except Refusal:
            return None
        if endpoint.needs_server_key and not is_server_key(key):
            return None
        sender = Sender(key, scope.path, headers, self._usage.labels.of(headers))
        if int(headers.get("content-length", 0)) > self._config.body_bytes_max:
            return None
        shared = partial(self._shared_headers, endpoint, scope.method, headers)
        return Shortcut(self._shortcuts, quick, sender, resource=endpoint.resource, shared=shared)

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        """Answer one request; whatever goes wrong is an answer, too."""
        request_headers = scope.headers
        origin = request_headers.get("origin")
        host = self._hosts.of(request_headers)
        if not self._hosts.is_good(host):
            self._refused_hosts.add(host)
            told_errors.add("host_not_allowed")
            return rsgi.send(stream, _wrong_host())
        if cors.is_preflight(scope.method, request_headers.get("access-control-request-method")):
            asked = self._cors_of_ofrep if scope.path.startswith("/ofrep/") else self._cors
            return rsgi.send(stream, Response(200, asked.preflight(origin, host)))
        endpoint = self._endpoints.find(scope.path)
        if endpoint is not None:
            response = await self._answer(endpoint, scope, stream)
            shared = self._shared_headers(endpoint, scope.method, request_headers, response.status)
        elif (key := self._stream_key(scope.path)) is not None:
            return await self._stream(key, scope, stream)
        else:
            response, shared = await self._service(scope)
            if response.status != 301:
                shared += self._always
            shared += self._cors.headers(origin, host)
        if self._compresses and (coding := coding_for(request_headers.get("accept-encoding"))):
            response = await rsgi.compressed(response, coding)
        if response.pieces is not None:
            return await rsgi.send_pieces(stream, response, response.pieces, shared)
        return rsgi.send(stream, response, shared)

    def _shared_headers(self, endpoint: Endpoint, method: str, headers: ScopeHeaders, status: int) -> Headers:
        """What an endpoint's answer has besides its own headers."""
        shared = headers_of(endpoint, method, status, headers.get("authorization")) + self._always
        # Clients of OpenFeature in browsers ask by ETag; to all others go the headers that Flagsmith sends.
        told = self._cors_of_ofrep if endpoint.takes_bearer else self._cors
        return shared + told.headers(headers.get("origin"), self._hosts.of(headers))

    async def _answer(self, endpoint: Endpoint, scope: Scope, stream: Stream) -> Response:
        try:
            _refuse_unless_acceptable(scope)
            request = await self._request(endpoint, scope, stream)
            handler = endpoint.methods.get("GET" if scope.method == "HEAD" else scope.method)
            return await handler(request) if handler else description(endpoint, scope.method)
        except Exception as error:  # noqa: BLE001 -- the outermost point of a request
            return failures.answer(error, scope, body_bytes_max=self._config.body_bytes_max)

    async def _stream(self, key: str, scope: Scope, stream: Stream) -> None:
        try:
            await self._streams.serve(key, scope, stream)
        except (Refusal, NotLoaded) as error:
            response = failures.answer(error, scope, body_bytes_max=self._config.body_bytes_max)
            shared = (*cors.FOR_ALL, ("Allow", "GET, HEAD"), *wire_headers.VARY_ORIGIN)
            rsgi.send(stream, response, (*shared, *self._always))

    async def _request(self, endpoint: Endpoint, scope: Scope, stream: Stream) -> OpenRequest:
        if not endpoint.needs_key:
            return OpenRequest(scope.method, scope.query_string, scope.headers, stream)
        key = _key(endpoint, scope.headers)
        access = self._environments.find(key)
        if access is None:
            access = await self._environments.load(key)
            gauges.loaded(access, endpoint.resource)
        if access is None:
            raise errors.unknown_key(key, self._environments.why_not(key))
        if endpoint.resource:
            self._usage.count(access.environment.id, endpoint.resource, self._usage.labels.of(scope.headers))
        if endpoint.needs_server_key and not is_server_key(key):
            raise errors.server_key_needed()
        serving.check(access.environment.organisation)
        return Request(scope.method, scope.query_string, scope.headers, stream, access)

    async def _service(self, scope: Scope) -> tuple[Response, Headers]:
        service = self._services.get(scope.path)
        if service is not None:
            if scope.method in {"GET", "HEAD"}:
                try:
                    return await service(scope), wire_headers.VARY_ORIGIN
                except Refusal as refusal:
                    return errors.answer(refusal, scope), wire_headers.VARY_ORIGIN
            # compat: the reference server takes these for form posts without a token.
            return Response(403, (("Content-Type", wire_headers.HTML),), _FORBIDDEN), wire_headers.VARY_ORIGIN
        if self._config.append_slash and self.owns(scope.path):
            location = scope.path + "/" + (f"?{scope.query_string}" if scope.query_string else "")
            redirect = (("Location", location), ("Content-Type", wire_headers.HTML))
            return Response(301, redirect), wire_headers.VERSION + wire_headers.VARY_ORIGIN
        return errors.answer(errors.not_found(), scope), wire_headers.VARY_ORIGIN

    def _all_endpoints(self) -> Endpoints:
        found = lookups.with_others(self._finds) if self._finds else lookups.one_by_one(self._stores.identities)
        find, save, bytes_max = found.find, self._saves.run, self._config.body_bytes_max
        prepared = PreparedAnswers(self._config.prepared_answers_mb * 1024 * 1024)
        handlers = Handlers(
            identities=Identities(found, save, self._identifications.note, answers=prepared, body_bytes_max=bytes_max),
            traits=StoredTraits(save, self._increments.run, bytes_max),
            deprecated=Deprecated(find, save, bytes_max),
            analytics=Analytics(self._usage, bytes_max),
        )
        return all_endpoints(handlers, extensions(find, bytes_max), compresses=self._compresses)

    async def _readiness(self, scope: Scope) -> Response:
        as_page = health.wants_page(scope.headers.get("accept"), scope.query_string)
        return await health.readiness(self._installation, self._refused_hosts.lately(), as_page=as_page)

    async def _liveness(self, _: Scope) -> Response:
        return health.liveness()

    async def _version(self, _: Scope) -> Response:
        try:
            return await health.version(self._installation)
        except Exception as error:  # noqa: BLE001 -- whatever the control plane's database raises
            log.warning("version.unavailable", error=type(error).__name__)
            raise errors.unavailable() from None


_WRONG_HOST = explain("host_not_allowed").headers
_FORBIDDEN = b"<!doctype html>\n<html lang=en>\n<title>403 Forbidden</title>\n<h1>403 Forbidden</h1>\n"


def _key(endpoint: Endpoint, headers: ScopeHeaders) -> str:
    """The environment's key that the request carries."""
    key = (headers.get("x-environment-key") or "").strip()
    if not key and endpoint.takes_bearer:
        key = _bearer(headers.get("authorization") or "")
    if not key:
        raise errors.missing_key()
    return key


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_unless_acceptable(scope: Scope) -> None:
    accept = scope.headers.get("accept")
    if accept is not None and not _is_acceptable(accept):
        raise errors.not_acceptable()


def _is_acceptable(accept: str) -> bool:
    kinds = accept.lower()
    return "*/*" in kinds or "json" in kinds or "application/*" in kinds


def _wrong_host() -> Response:
    headers = (("Content-Type", wire_headers.HTML), *wire_headers.VERSION, *wire_headers.VARY_ORIGIN)
    return Response(400, headers + _WRONG_HOST, wire_headers.WRONG_HOST_BODY)
