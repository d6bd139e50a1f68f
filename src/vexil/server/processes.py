"""The processes of `vexil serve`: workers that share the address, and one task runner.

Everything that a worker needs is imported before the first fork, so that the processes share its memory.
"""

import gc
import multiprocessing
import os
import resource
import socket
import threading
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.server import Server

from vexil.config import Config
from vexil.server.application import Application

log = structlog.get_logger(__name__)

_BACKLOG = 4096
"""Connections that may wait to be accepted, when all clients come back at once."""

_CONNECTIONS = 10_000
"""Of each worker, beside its event streams."""

_KILL_SECONDS = 30
_RESTART_SECONDS = 1.0


class AddressInUse(Exception):
    """Something else listens there."""


def serve(config: Config, *, host: str, port: int, workers: int, role: str) -> None:
    """Serve until SIGTERM or SIGINT; raise `AddressInUse` before anything starts."""
    check_address(host, port)
    _raise_limit_of_files()
    multiprocessing.set_start_method("fork", force=True)
    server = Server(
        "vexil",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backlog=_BACKLOG,
        backpressure=config.streams_max + _CONNECTIONS,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        runtime_mode=RuntimeModes.st,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=_KILL_SECONDS,
        log_enabled=False,
        process_name=None,
    )
    if role != "flags":
        task_runner = TaskRunnerProcess()
        server.on_startup(task_runner.start)
        server.on_shutdown(task_runner.stop)
    gc.freeze()  # What is imported by now stays for good: the collector need not touch it, and the pages stay shared.
    server.serve(target_loader=partial(_load, config, role, os.getpid()))


def _load(config: Config, role: str, main_process: int, _target: str) -> Any:
    return Application(config, role, main_process)


def _raise_limit_of_files() -> None:
    """Each connection is an open file, and the usual 1,024 are few for event streams."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class TaskRunnerProcess:
    """Keeps one task runner alive as long as the server runs."""

    def __init__(self) -> None:
        self._process = _new_runner()
        self._stopping = threading.Event()

    def start(self) -> None:
        self._process.start()
        threading.Thread(target=self._keep_running, name="task-runner", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_KILL_SECONDS)

    def _keep_running(self) -> None:
        while True:
            self._process.join()
            if self._stopping.wait(_RESTART_SECONDS):
                return
            log.error("task_runner.ended", exit_code=self._process.exitcode)
            self._process = _new_runner()
            self._process.start()


def _new_runner() -> BaseProcess:
    return multiprocessing.Process(target=_run_tasks, args=(os.getpid(),), name="task-runner")


def _run_tasks(main_process: int) -> None:
    """Until SIGTERM, or until the main process is gone."""
    from vexil.controlplane.jobs import runner  # noqa: PLC0415 -- slow import

    runner.run(is_wanted=lambda: os.getppid() == main_process)


def check_address(host: str, port: int) -> None:
    """Workers share their port with one another, and so would share it with a stranger unnoticed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressInUse(f"{host}:{port} cannot be served: {error.strerror}.") from None
