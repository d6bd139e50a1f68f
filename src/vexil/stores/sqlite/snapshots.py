"""Snapshots in SQLite."""

import sqlite3
from collections.abc import Sequence
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

from vexil.stores.snapshots import EnvironmentKey, Head, NewSnapshot, head, keys_text
from vexil.stores.sqlite.connections import Connections, translating

# SQLite has one writer at a time, so the next change number follows in the order of commits.
_PUT = """
    INSERT INTO snapshots (environment_id, version, change, keys, body)
    VALUES (?, ?, (SELECT coalesce(max(change), 0) + 1 FROM snapshots), ?, ?)
    ON CONFLICT (environment_id) DO UPDATE
    SET version = excluded.version, change = excluded.change, keys = excluded.keys, body = excluded.body
    WHERE excluded.version > version
"""
_FORGET = """
    INSERT INTO snapshots (environment_id, version, change, keys, body)
    VALUES (?, ?, (SELECT coalesce(max(change), 0) + 1 FROM snapshots), ?, NULL)
    ON CONFLICT (environment_id) DO UPDATE
    SET version = max(version, excluded.version), change = excluded.change, keys = excluded.keys, body = NULL
    WHERE body IS NOT NULL OR excluded.version > version
"""
_HEADS = "SELECT environment_id, version, change, keys FROM snapshots WHERE change > ? ORDER BY change"
_VERSION = "SELECT version FROM snapshots WHERE environment_id = ? AND body IS NOT NULL"
_PIECE_BYTES = 131_072


class SqliteSnapshots:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def put(self, environment_id: int, version: int, keys: tuple[EnvironmentKey, ...], body: bytes) -> bool:
        with translating:
            connection = self._connections.get()
            return connection.execute(_PUT, (environment_id, version, keys_text(keys), body)).rowcount == 1

    def put_all(self, snapshots: Sequence[NewSnapshot]) -> None:
        with self._connections.writing() as connection:
            connection.executemany(
                _PUT, [(each.environment_id, each.version, keys_text(each.keys), each.body) for each in snapshots]
            )

    def forget(self, environment_id: int, version: int, ended: tuple[EnvironmentKey, ...] = ()) -> None:
        with translating:
            self._connections.get().execute(_FORGET, (environment_id, version, keys_text(ended)))

    def heads(self, after: int = 0) -> list[Head]:
        with translating:
            rows = self._connections.get().execute(_HEADS, (after,)).fetchall()
        return [head(*row) for row in rows]

    def body(self, environment_id: int) -> tuple[int, bytes | mmap] | None:
        with self._connections.reading() as connection:
            row = connection.execute(_VERSION, (environment_id,)).fetchone()
            return (row[0], _in_pieces(connection, environment_id)) if row else None

    def close(self) -> None:
        self._connections.close()


def _in_pieces(connection: sqlite3.Connection, environment_id: int) -> bytes | mmap:
    """The body, read so that other threads run in between: 14 MB at once keep the interpreter for 6 ms."""
    with connection.blobopen("snapshots", "body", environment_id, readonly=True) as blob:
        size = len(blob)
        if size <= _PIECE_BYTES:
            return blob.read()
        body = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        while body.tell() < size:
            body.write(blob.read(_PIECE_BYTES))
    return body
