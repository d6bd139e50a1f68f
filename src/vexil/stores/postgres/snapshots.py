"""Snapshots in PostgreSQL."""

from collections.abc import Sequence

from vexil.stores.postgres.connections import Connections
from vexil.stores.postgres.schema import CHANGE_LOCK
from vexil.stores.snapshots import EnvironmentKey, Head, NewSnapshot, head, keys_text

CHANNEL = "flags_snapshots"

# Held until the commit, so that change numbers become visible in their order.
_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_PUT = """
    WITH written AS (
        INSERT INTO flags_snapshots AS stored (environment_id, version, change, keys, body)
        VALUES (%s, %s, (SELECT coalesce(max(change), 0) + 1 FROM flags_snapshots), %s, %b)
        ON CONFLICT (environment_id) DO UPDATE
        SET version = excluded.version, change = excluded.change, keys = excluded.keys, body = excluded.body
        WHERE excluded.version > stored.version
        RETURNING 1
    )
    SELECT pg_notify(%s, '') FROM written
"""
_FORGET = """
    WITH written AS (
        INSERT INTO flags_snapshots AS stored (environment_id, version, change, keys, body)
        VALUES (%s, %s, (SELECT coalesce(max(change), 0) + 1 FROM flags_snapshots), %s, NULL)
        ON CONFLICT (environment_id) DO UPDATE
        SET version = greatest(stored.version, excluded.version), change = excluded.change,
            keys = excluded.keys, body = NULL
        WHERE stored.body IS NOT NULL OR excluded.version > stored.version
        RETURNING 1
    )
    SELECT pg_notify(%s, '') FROM written
"""
_HEADS = "SELECT environment_id, version, change, keys FROM flags_snapshots WHERE change > %s ORDER BY change"
_BODY = "SELECT version, body FROM flags_snapshots WHERE environment_id = %s AND body IS NOT NULL"


class PostgresSnapshots:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def put(self, environment_id: int, version: int, keys: tuple[EnvironmentKey, ...], body: bytes) -> bool:
        with self._connections.writing() as connection:
            connection.execute(_LOCK, (CHANGE_LOCK,))
            return connection.execute(_PUT, (environment_id, version, keys_text(keys), body, CHANNEL)).rowcount == 1

    def put_all(self, snapshots: Sequence[NewSnapshot]) -> None:
        with self._connections.writing() as connection:
            connection.execute(_LOCK, (CHANGE_LOCK,))
            for each in snapshots:
                connection.execute(_PUT, (each.environment_id, each.version, keys_text(each.keys), each.body, CHANNEL))

    def forget(self, environment_id: int, version: int, ended: tuple[EnvironmentKey, ...] = ()) -> None:
        with self._connections.writing() as connection:
            connection.execute(_LOCK, (CHANGE_LOCK,))
            connection.execute(_FORGET, (environment_id, version, keys_text(ended), CHANNEL))

    def heads(self, after: int = 0) -> list[Head]:
        with self._connections.lending() as connection:
            rows = connection.execute(_HEADS, (after,)).fetchall()
        return [head(*row) for row in rows]

    def body(self, environment_id: int) -> tuple[int, bytes] | None:
        # Binary: as text a body would come in twice its size.
        with self._connections.lending() as connection:
            row = connection.execute(_BODY, (environment_id,), binary=True).fetchone()
        return (row[0], row[1]) if row else None

    def close(self) -> None:
        self._connections.close()
