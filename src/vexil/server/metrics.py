"""Where metrics are shown: at `/metrics/` by every worker, and by a process of its own on a port of its own.

That process answers when the workers are busy, and the text costs them no time.
"""

import asyncio
import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree

import structlog

from vexil import __version__
from vexil.config import Config, ConfigError
from vexil.dataplane.rsgi import Response, Scope, Stream, send
from vexil.metrics import handover
from vexil.server.http1 import listening
from vexil.server.parents import end_with

log = structlog.get_logger(__name__)

_BACKLOG = 64
_CONNECTIONS = 100
_NOTHING = Response(404, (("Content-Type", "text/plain"),), b"The metrics are at /metrics/.\n")


@contextmanager
def folder(config: Config) -> Iterator[Path | None]:
    """For the counts of all processes of a server; None where metrics are off."""
    if not config.metrics:
        yield None
        return
    try:
        made = handover.new_folder(config.metrics_dir)
    except OSError as error:
        raise ConfigError(f"PROMETHEUS_MULTIPROC_DIR {config.metrics_dir} cannot be used: {error.strerror}.") from None
    try:
        yield made
    finally:
        rmtree(made, ignore_errors=True)


async def answer(counts: Path, own: str | None = None) -> Response:
    """The metrics of all processes together; `own` is the name of this one."""
    return await asyncio.to_thread(_answer, counts, own)


def listener(host: str, port: int) -> socket.socket | None:
    """None, and a line in the log, if something else listens there: the same is at `/metrics/`."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        log.warning("metrics.port_not_opened", host=host, port=port, error=error.strerror)
        return None
    opened.listen(_BACKLOG)
    opened.setblocking(False)
    return opened


def serve(counts: Path, opened: socket.socket, main_process: int) -> None:
    """Answer at the port until SIGTERM, or until the main process is gone."""
    listening.serve(_Application(counts, main_process), opened, backlog=_BACKLOG, connections_max=_CONNECTIONS)


@contextmanager
def of_task_runner(config: Config) -> Iterator[None]:
    """Count and show the work of a task runner that runs alone."""
    with folder(config) as counts:
        if counts is None:
            yield
            return
        opened = listener(config.metrics_host or "127.0.0.1", config.metrics_port) if config.metrics_port else None
        beside = None
        if opened:
            fork = multiprocessing.get_context("fork")
            beside = fork.Process(target=partial(serve, counts, opened, os.getpid()), name="metrics", daemon=True)
            beside.start()
            opened.close()
        with handover.handing_over(counts, "task-runner"):
            yield
        if beside:
            beside.terminate()
            beside.join()


class _Application:
    def __init__(self, counts: Path, main_process: int) -> None:
        self._counts = counts
        self._main_process = main_process
        self._watching: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watching = loop.create_task(end_with(self._main_process))

    async def __call__(self, scope: Scope, stream: Stream) -> None:
        is_known = scope.path.rstrip("/") in {"", "/metrics"} and scope.method in {"GET", "HEAD"}
        send(stream, await answer(self._counts) if is_known else _NOTHING)

    def shortcut(self, _: Scope) -> None:
        return None

    def end_streams(self) -> None:
        """There are none."""

    async def stop(self) -> None:
        if self._watching:
            self._watching.cancel()


def _answer(counts: Path, own: str | None) -> Response:
    from vexil.metrics import exposition  # noqa: PLC0415 -- slow import

    body = exposition.text(handover.all_together(counts, own), __version__)
    return Response(200, (("Content-Type", exposition.CONTENT_TYPE),), body)
