"""Throttle logs in a SQLite file of their own: one short transaction per request, never forced to disk.

What a crash loses is a minute of counting, and no other writer ever waits for a counter.
"""

import sqlite3
import time
from array import array
from bisect import bisect_right
from contextlib import closing
from pathlib import Path

from vexil.rates import Rate
from vexil.stores.sqlite.connections import Connections, connect, translating, use_wal
from vexil.stores.throttles import Admission, whole_seconds

_CREATE = """
    CREATE TABLE IF NOT EXISTS throttles (
        bucket TEXT PRIMARY KEY,
        forget_at_us INTEGER NOT NULL,
        admitted_us BLOB NOT NULL
    ) STRICT
"""
_READ = "SELECT admitted_us FROM throttles WHERE bucket = ?"
_WRITE = "INSERT OR REPLACE INTO throttles (bucket, forget_at_us, admitted_us) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM throttles WHERE forget_at_us < ?"
_FORGET_EACH_US = 60_000_000


def migrate(path: Path) -> None:
    with translating, closing(_open(path, mode="rwc")) as connection:
        use_wal(connection)
        connection.execute(_CREATE)


class SqliteThrottles:
    def __init__(self, path: Path) -> None:
        self._connections = Connections(path, _open)
        self._forgotten_at_us = 0

    def admit(self, bucket: str, rate: Rate) -> Admission:
        period_us = rate.seconds * 1_000_000
        with self._connections.writing() as connection:
            now_us = time.time_ns() // 1000
            admitted = _read(connection, bucket)
            admitted = admitted[bisect_right(admitted, now_us - period_us) :]
            if len(admitted) >= rate.limit:
                return Admission(whole_seconds(admitted[-rate.limit] + period_us - now_us), 0)
            # A clock that was set back must not put the log out of order.
            admitted.append(max(now_us, admitted[-1]) if admitted else now_us)
            connection.execute(_WRITE, (bucket, admitted[-1] + period_us, admitted.tobytes()))
            self._forget(connection, now_us)
        return Admission(0, rate.limit - len(admitted))

    def close(self) -> None:
        self._connections.close()

    def _forget(self, connection: sqlite3.Connection, now_us: int) -> None:
        if now_us - self._forgotten_at_us > _FORGET_EACH_US:
            self._forgotten_at_us = now_us
            connection.execute(_FORGET, (now_us,))


def _open(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    connection = connect(path, mode=mode)
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def _read(connection: sqlite3.Connection, bucket: str) -> "array[int]":
    admitted = array("q")
    if row := connection.execute(_READ, (bucket,)).fetchone():
        admitted.frombytes(row[0])
    return admitted
