"""Each process tells the store every few seconds how it is, for the page that operators look at."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from vexil import __version__
from vexil.stores.unavailable import Unavailable
from vexil.stores.workers import WorkerReport, WorkerStore
from vexil.told_errors import told_errors

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0


class Reporting:
    """Nobody waits for a report, and none is missed: the next one tells the same and more."""

    def __init__(self, store: WorkerStore, role: str, streams: Callable[[], int]) -> None:
        self._store = store
        self._role = role
        self._streams = streams
        self._started_at = datetime.now(UTC)
        self._telling: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._telling = loop.create_task(self._tell_regularly())

    async def stop(self) -> None:
        if self._telling:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling

    async def _tell_regularly(self) -> None:
        while True:
            await asyncio.to_thread(self._tell, self._streams())
            await asyncio.sleep(EVERY_SECONDS)

    def _tell(self, streams: int) -> None:
        report = WorkerReport(
            host=socket.gethostname(),
            pid=os.getpid(),
            role=self._role,
            version=__version__,
            started_at=self._started_at,
            told_at=datetime.now(UTC),
            streams=streams,
            errors=told_errors.lately(),
        )
        try:
            self._store.tell(report)
        except Unavailable:
            log.debug("report.delayed")
        except Exception:
            # The outermost point of a report, as for counts.
            log.exception("report.failed")
