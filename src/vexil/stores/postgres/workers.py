"""Reports of processes in PostgreSQL."""

from vexil.stores.postgres.connections import Connections
from vexil.stores.times import to_microseconds
from vexil.stores.workers import FORGOTTEN, WorkerReport, decoded, encoded

_TELL = """
    INSERT INTO flags_workers (name, told_at_us, report) VALUES (%s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET told_at_us = excluded.told_at_us, report = excluded.report
"""
_FORGET = "DELETE FROM flags_workers WHERE told_at_us < %s"
_REPORTS = "SELECT report FROM flags_workers ORDER BY told_at_us DESC, name"


class PostgresWorkers:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def tell(self, report: WorkerReport) -> None:
        with self._connections.writing() as connection:
            connection.execute(_TELL, (report.name, to_microseconds(report.told_at), encoded(report)))
            connection.execute(_FORGET, (to_microseconds(report.told_at - FORGOTTEN),))

    def reports(self) -> list[WorkerReport]:
        with self._connections.lending() as connection:
            rows = connection.execute(_REPORTS).fetchall()
        return [decoded(text) for (text,) in rows]
