"""Keeps child processes alive until the main process is told to end."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import structlog

from vexil.signals import END_SIGNALS, EndSignal

log = structlog.get_logger(__name__)

_RESTART_SECONDS = 0.5
_KILL_SECONDS = 30


class Supervisor:
    """Forks one child for each target. A child that ends by itself is started again."""

    def __init__(self, targets: Mapping[str, Callable[[], None]]) -> None:
        self._targets = targets
        self._context = multiprocessing.get_context("fork")
        self._children: dict[str, BaseProcess] = {}

    def run_until_signal(self) -> None:
        end = EndSignal()
        for name in self._targets:
            self._start(name)
        while True:
            names = {child.sentinel: name for name, child in self._children.items()}
            ended = wait([end.fileno(), *names])
            if end.fileno() in ended:
                return
            for name in (names[sentinel] for sentinel in ended if isinstance(sentinel, int)):
                log.error("process.ended", process=name, exit_code=self._children[name].exitcode)
                time.sleep(_RESTART_SECONDS)
                self._start(name)

    def stop(self) -> None:
        """End all children, those that do not go by force."""
        for child in self._children.values():
            child.terminate()
        give_up_at = time.monotonic() + _KILL_SECONDS
        for child in self._children.values():
            child.join(max(0, give_up_at - time.monotonic()))
            if child.is_alive():
                child.kill()
                child.join()

    def _start(self, name: str) -> None:
        child = self._context.Process(target=_child, args=(self._targets[name],), name=name)
        # A signal between the fork and the child's first line would be taken for one to the main process.
        signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
        try:
            child.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
        self._children[name] = child


def _child(target: Callable[[], None]) -> None:
    for number in END_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
    target()
