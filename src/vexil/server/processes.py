"""The processes of `vexil serve`: workers that share the address, and one task runner.

Everything that a worker needs is imported before the first fork, so that the processes share its memory.
"""

import gc
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vexil.config import Config
from vexil.metrics import handover
from vexil.server import access_log, metrics
from vexil.server.application import Application, Counts
from vexil.server.http1 import listening
from vexil.server.supervision import Supervisor
from vexil.tracing import API, TASK_RUNNER, tracing

_BACKLOG = 4096
"""Connections that may wait to be accepted, when all clients come back at once."""

_CONNECTIONS = 10_000
"""Of each worker, beside its event streams."""


class AddressInUse(Exception):
    """Something else listens there."""


def serve(config: Config, *, host: str, port: int, workers: int, role: str) -> None:
    """Serve until SIGTERM or SIGINT; raise `AddressInUse` before anything starts."""
    check_address(host, port)
    _raise_limit_of_files()
    # One socket for each worker: the system shares out connections among them, and those that come while a worker
    # starts anew wait for it.
    listeners = [_listener(host, port) for _ in range(workers)]
    with metrics.folder(config) as counts:
        supervisor = Supervisor(_targets(config, role, listeners, counts=counts, host=host))
        if role != "flags":
            from vexil.controlplane.site import wsgi  # noqa: F401, PLC0415 -- slow import, for workers to find it loaded
        # What is imported by now stays for good: the collector need not touch it, and the pages stay shared. While
        # workers loaded the control plane themselves, requests for long lists met collections of 90 ms, and 4 workers
        # took 278 MB instead of 172.
        gc.freeze()
        supervisor.run_until_signal()
        for listener in listeners:
            listener.close()
        supervisor.stop()


def _targets(
    config: Config, role: str, listeners: list[socket.socket], *, counts: Path | None, host: str
) -> dict[str, Callable[[], None]]:
    """What each child does, by its name."""
    main_process = os.getpid()
    targets: dict[str, Callable[[], None]] = {}
    for number, listener in enumerate(listeners, start=1):
        name = f"worker-{number}"
        own = Counts(counts, name) if counts else None
        targets[name] = partial(_work, config, role, main_process, listener=listener, counts=own)
    if role != "flags":
        targets["task-runner"] = partial(_run_tasks, config, main_process)
    if counts is None:
        return targets
    counting: dict[str, Callable[[], None]] = {
        name: partial(_count, counts, name, target) for name, target in targets.items()
    }
    port = metrics.listener(config.metrics_host or host, config.metrics_port) if config.metrics_port else None
    return counting | ({"metrics": partial(metrics.serve, counts, port, main_process)} if port else {})


def _work(config: Config, role: str, main_process: int, *, listener: socket.socket, counts: Counts | None) -> None:
    with tracing.running(config, API):
        application = Application(config, role, main_process, counts)
        connections_max = config.streams_max + _CONNECTIONS
        listening.serve(application, listener, backlog=_BACKLOG, connections_max=connections_max)


def _count(counts: Path, name: str, target: Callable[[], None]) -> None:
    with handover.handing_over(counts, name):
        target()


def _run_tasks(config: Config, main_process: int) -> None:
    """Until SIGTERM, or until the main process is gone."""
    from vexil.controlplane.jobs import runner  # noqa: PLC0415 -- slow import

    with tracing.running(config, TASK_RUNNER):
        runner.run(is_wanted=lambda: os.getppid() == main_process)


def _raise_limit_of_files() -> None:
    """Each connection is an open file, and the usual 1,024 are few for event streams."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def check_settings(config: Config) -> None:
    """Raise what would end each worker anew: `NotInstalled` or `ConfigError`."""
    tracing.check(config)
    access_log.opened(config)


def check_address(host: str, port: int) -> None:
    """Workers share their port with one another, and so would share it with a stranger unnoticed."""
    with _socket(host) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressInUse(f"{host}:{port} cannot be served: {error.strerror}.") from None


def _listener(host: str, port: int) -> socket.socket:
    listener = _socket(host)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def _socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return opened
