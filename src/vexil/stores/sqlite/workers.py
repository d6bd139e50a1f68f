"""Reports of processes in SQLite."""

from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import to_microseconds
from vexil.stores.workers import FORGOTTEN, WorkerReport, decoded, encoded

_TELL = """
    INSERT INTO workers (name, told_at_us, report) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET told_at_us = excluded.told_at_us, report = excluded.report
"""
_FORGET = "DELETE FROM workers WHERE told_at_us < ?"
_REPORTS = "SELECT report FROM workers ORDER BY told_at_us DESC, name"


class SqliteWorkers:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def tell(self, report: WorkerReport) -> None:
        with self._connections.writing() as connection:
            connection.execute(_TELL, (report.name, to_microseconds(report.told_at), encoded(report)))
            connection.execute(_FORGET, (to_microseconds(report.told_at - FORGOTTEN),))

    def reports(self) -> list[WorkerReport]:
        with translating:
            rows = self._connections.get().execute(_REPORTS).fetchall()
        return [decoded(text) for (text,) in rows]
