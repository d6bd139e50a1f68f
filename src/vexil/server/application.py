"""What one worker process serves: the data plane's paths directly, all others through Django."""

import asyncio
import os
import signal
import sys

from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.dataplane.rsgi import Scope, Stream
from vexil.dataplane.shortcuts import Shortcut
from vexil.server.django_bridge import DjangoBridge
from vexil.server.reporting import Reporting
from vexil.stores.opening import Stores, open_stores

_PARENT_CHECK_SECONDS = 1.0

# How long a thread of the control plane, or one that compiles a snapshot, may keep the interpreter from requests
# for flags. uvloop asks for it anew at each callback, so each request waits that long: while a snapshot was compiled,
# the median of 16 clients rose from 0.5 ms to 1.2 with 0.5 ms here, and hardly with 0.05. Python's own is 5 ms.
_SWITCH_SECONDS = 0.00005

_TELLS_OF_FIRST_REQUEST = "/onboarding-status/"

ROLES = ("all", "flags", "admin")


class Application:
    """An application as `http1.listening` serves it."""

    def __init__(self, config: Config, role: str, main_process: int) -> None:
        self._main_process = main_process
        self._stores = open_stores(config.database_url, config.data_dir)
        has_control_plane = role != "flags"
        installation = _whole(config, self._stores) if has_control_plane else _flags_only(self._stores)
        self._data_plane = DataPlane(config, self._stores, installation, serves_flags=role != "admin")
        self._django = _django(config, self._data_plane) if has_control_plane else None
        self._reporting = Reporting(self._stores.workers, role, self._data_plane.streams)
        self._watching: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._data_plane.start(loop)
        self._reporting.start(loop)
        self._watching = loop.create_task(_end_with(self._main_process))

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        if self._django is None or self._data_plane.owns(scope.path):
            return await self._data_plane(scope, stream)
        if scope.path.endswith(_TELLS_OF_FIRST_REQUEST):
            await self._data_plane.write_counts()
        return await self._django(scope, stream)

    def shortcut(self, scope: Scope) -> Shortcut | None:
        return self._data_plane.shortcut(scope)

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


async def _end_with(main_process: int) -> None:
    """A worker whose main process was killed gives up the port, so that a new start finds it free."""
    while os.getppid() == main_process:  # noqa: ASYNC110 -- no event tells of a parent's death
        await asyncio.sleep(_PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
