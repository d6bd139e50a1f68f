"""What one worker process serves: the data plane's paths directly, all others through Django."""

import asyncio
from functools import partial
from pathlib import Path
from typing import NamedTuple

from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.dataplane.rsgi import Answer, Response, Scope, Stream
from vexil.dataplane.streams import ROUTE as STREAM_ROUTE
from vexil.server import access_log, metrics, traffic
from vexil.server.django_bridge import DjangoBridge
from vexil.server.noticing import NoticedStream
from vexil.server.parents import end_with
from vexil.server.reporting import Reporting
from vexil.stores.opening import Stores, open_stores
from vexil.tracing import tracing

_TELLS_OF_FIRST_REQUEST = "/onboarding-status/"

ROLES = ("all", "flags", "admin")


class Counts(NamedTuple):
    """Where the processes' counts for metrics are, and the name of this process."""

    folder: Path
    process: str


class Application:
    """An application as `http1.listening` serves it."""

    def __init__(self, config: Config, role: str, main_process: int, counts: Counts | None = None) -> None:
        """Requests are counted where there are `counts`."""
        self._main_process = main_process
        self._stores = open_stores(config.database_url, config.data_dir)
        has_control_plane = role != "flags"
        installation = _whole(config, self._stores) if has_control_plane else _flags_only(self._stores)
        self._counts_requests = counts is not None
        self._access_log = access_log.opened(config)
        observers = (traffic.count if counts else None, self._access_log)
        self._observers = [observe for observe in observers if observe]
        shown = partial(_metrics, counts) if counts else None
        self._data_plane = DataPlane(config, self._stores, installation, serves_flags=role != "admin", metrics=shown)
        self._django = _django(config, self._data_plane) if has_control_plane else None
        self._reporting = Reporting(self._stores.workers, role, self._data_plane.streams)
        self._watching: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._data_plane.start(loop)
        if self._counts_requests:
            self._data_plane.watch()
        self._reporting.start(loop)
        self._watching = loop.create_task(end_with(self._main_process))

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        if not self._observers:
            return await self._answer(scope, stream)
        noticed = NoticedStream(scope, stream)
        noticed.route = self._data_plane.route(scope.path) or ""
        try:
            await self._answer(scope, noticed)
        finally:
            for observe in self._observers:
                observe(scope, noticed)

    async def _answer(self, scope: Scope, stream: Stream) -> None:
        if self._django is None or self._data_plane.owns(scope.path):
            if not tracing.is_wanted_by(scope.headers):
                return await self._data_plane(scope, stream)
            # In a task of its own: what is current then stays current over its waits.
            return await asyncio.create_task(self._trace(scope, stream))
        if scope.path.endswith(_TELLS_OF_FIRST_REQUEST):
            await self._data_plane.write_counts()
        return await self._django(scope, stream)

    async def _trace(self, scope: Scope, stream: Stream) -> None:
        """A request for flags gets a span only if its sender records it: the others are too many and too quick."""
        route = self._data_plane.route(scope.path)
        span = tracing.request(scope.method, scope.path, scope.headers) if route != STREAM_ROUTE else None
        if span is None:
            await self._data_plane(scope, stream)
        else:
            noticed = NoticedStream(scope, stream)
            with span.current():
                await self._data_plane(scope, noticed)
            span.end(route, noticed.status)

    def shortcut(self, scope: Scope) -> Answer | None:
        if self._access_log or tracing.is_wanted_by(scope.headers):
            return None
        found = self._data_plane.shortcut(scope)
        if found is None or not self._counts_requests:
            return found
        return traffic.counted(found, self._data_plane.route(scope.path) or traffic.UNKNOWN, scope.method)

    def end_streams(self) -> None:
        self._data_plane.end_streams()

    async def stop(self) -> None:
        if self._watching:
            self._watching.cancel()
        if self._django:
            self._django.stop()
        await self._data_plane.stop()
        await self._reporting.stop()
        self._stores.close()


async def _metrics(counts: Counts, _: Scope) -> Response:
    return await metrics.answer(counts.folder, counts.process)


def _django(config: Config, data_plane: DataPlane) -> DjangoBridge:
    from vexil.controlplane.site.wsgi import application  # noqa: PLC0415 -- slow import

    return DjangoBridge(application, config.body_bytes_max, data_plane.catch_up)


def _flags_only(stores: Stores) -> Installation:
    return Installation({"DatabaseBackend": stores.ping})


def _whole(config: Config, stores: Stores) -> Installation:
    from vexil.controlplane.queries import installation, readiness  # noqa: PLC0415 -- slow import
    from vexil.controlplane.site import mail_servers  # noqa: PLC0415 -- slow import

    def database() -> None:
        stores.ping()
        readiness.check_database()

    return Installation(
        checks={"DatabaseBackend": database, "MigrationsHealthCheck": readiness.check_migrations},
        people=installation.people,
        sends_mail=mail_servers.is_configured(config),
    )
