"""The wake-up on PostgreSQL: `LISTEN`, and a look at the newest change each second in case a notice was lost."""

import time

import psycopg

from vexil.stores.interrupt import Interrupt
from vexil.stores.postgres.connections import Connection, Connections
from vexil.stores.postgres.snapshots import CHANNEL

_LOOK_SECONDS = 1.0


class PostgresWakeup:
    """Has a connection of its own. While the database is away, `wait` goes on trying and does not raise."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._connection: Connection | None = None
        self._change = 0
        self._interrupt = Interrupt()

    def wait(self, timeout_seconds: float) -> bool:
        give_up_at = time.monotonic() + timeout_seconds
        while not self._has_changed():
            left_seconds = give_up_at - time.monotonic()
            if left_seconds <= 0:
                return False
            socket = self._connection.fileno() if self._connection else None
            if self._interrupt.wait(min(_LOOK_SECONDS, left_seconds), or_readable=socket):
                return False
        return True

    def interrupt(self) -> None:
        self._interrupt.set()

    def close(self) -> None:
        self._disconnect()
        self._interrupt.close()

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _has_changed(self) -> bool:
        """True for a new snapshot, and once after each connecting: whoever waits may have missed something."""
        try:
            if self._connection is None:
                self._connection = self._connections.connect()
                self._connection.execute(f"LISTEN {CHANNEL}".encode())
                self._look(self._connection)
                return True
            # Notices serve to end the wait; reading them off the socket is all that they need.
            for _ in self._connection.notifies(timeout=0):
                pass
            return self._look(self._connection)
        except psycopg.Error:
            self._disconnect()
            return False

    def _look(self, connection: Connection) -> bool:
        row = connection.execute("SELECT coalesce(max(change), 0) FROM flags_snapshots").fetchone()
        change = row[0] if row else 0
        is_new = change != self._change
        self._change = change
        return bool(is_new)
