"""The queue of identities for integrations, in SQLite."""

from collections.abc import Sequence

from vexil.stores.identifications import QUEUED_MAX, Identification, content_of, newest, of_row
from vexil.stores.sqlite.connections import Connections, translating

_ADD = """
    INSERT INTO identifications (environment_id, identifier, content) VALUES (?, ?, ?)
    ON CONFLICT (environment_id, identifier) DO UPDATE SET content = excluded.content
"""
_UPDATE = "UPDATE identifications SET content = ?3 WHERE environment_id = ?1 AND identifier = ?2"
_COUNT = "SELECT count(*) FROM identifications"
_IS_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM identifications)"
_TAKE = """
    DELETE FROM identifications WHERE id IN (SELECT id FROM identifications ORDER BY id LIMIT ?)
    RETURNING id, environment_id, identifier, content
"""


class SqliteIdentifications:
    def __init__(self, connections: Connections, queued_max: int = QUEUED_MAX) -> None:
        self._connections = connections
        self._queued_max = queued_max

    def add(self, identifications: Sequence[Identification]) -> int:
        rows = [(entry.environment_id, entry.identifier, content_of(entry)) for entry in newest(identifications)]
        with self._connections.writing() as connection:
            room = max(0, self._queued_max - connection.execute(_COUNT).fetchone()[0])
            connection.executemany(_ADD, rows[:room])
            updated = sum(connection.execute(_UPDATE, row).rowcount for row in rows[room:])
        return len(rows[room:]) - updated

    def take(self, limit: int) -> list[Identification]:
        with translating:  # looked at without the write lock, since there is mostly nothing to do
            if self._connections.get().execute(_IS_EMPTY).fetchone()[0]:
                return []
        with self._connections.writing() as connection:
            rows = connection.execute(_TAKE, (limit,)).fetchall()
        return [of_row(*columns) for _, *columns in sorted(rows)]

    def close(self) -> None:
        self._connections.close()
