"""What the processes of an installation tell of themselves, so that one of them can show all."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from vexil.told_errors import ErrorCount

FORGOTTEN = timedelta(hours=1)
"""A process that has told nothing for so long is gone, and its errors are old."""


class WorkerReport(msgspec.Struct, frozen=True):
    host: str
    pid: int
    role: str
    """Which planes it serves: all, flags or admin."""
    version: str
    started_at: datetime
    told_at: datetime
    streams: int
    """Clients that are connected to an event stream."""
    errors: dict[str, ErrorCount] = {}
    """Those of the last hour by code."""

    @property
    def name(self) -> str:
        return f"{self.host}:{self.pid}:{int(self.started_at.timestamp())}"


class WorkerStore(Protocol):
    def tell(self, report: WorkerReport) -> None:
        """In place of what the same process told before; what is older than an hour goes."""
        ...

    def reports(self) -> list[WorkerReport]:
        """Of all processes that told something within the hour before the last report, the newest first."""
        ...


def encoded(report: WorkerReport) -> str:
    return msgspec.json.encode(report).decode()


decoded = msgspec.json.Decoder(WorkerReport).decode
