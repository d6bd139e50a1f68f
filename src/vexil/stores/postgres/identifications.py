"""The queue of identities for integrations, in PostgreSQL."""

from collections.abc import Sequence

from vexil.stores.identifications import QUEUED_MAX, Identification, content_of, newest, of_row
from vexil.stores.postgres.connections import Connections
from vexil.stores.postgres.identities import lookup

# Sorted, so that two processes that bring the same rows up to date cannot wait for each other in a circle.
_ADD = """
    INSERT INTO flags_identifications AS stored (environment_id, identifier, content, lookup)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %b::bytea[]) ORDER BY 4
    ON CONFLICT (lookup) DO UPDATE SET content = excluded.content
"""
_UPDATE = """
    UPDATE flags_identifications AS stored SET content = changed.content
    FROM unnest(%s::text[], %b::bytea[]) AS changed (content, lookup)
    WHERE stored.id IN (
        SELECT id FROM flags_identifications WHERE lookup = ANY(%b::bytea[]) ORDER BY lookup FOR UPDATE
    ) AND stored.lookup = changed.lookup
"""
_COUNT = "SELECT count(*) FROM flags_identifications"
_TAKE = """
    DELETE FROM flags_identifications
    WHERE id IN (SELECT id FROM flags_identifications ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, environment_id, identifier, content
"""


class PostgresIdentifications:
    def __init__(self, connections: Connections, queued_max: int = QUEUED_MAX) -> None:
        self._connections = connections
        self._queued_max = queued_max

    def add(self, identifications: Sequence[Identification]) -> int:
        """Several processes may go beyond the limit by what each of them adds at the same moment."""
        entries = newest(identifications)
        with self._connections.writing() as connection:
            row = connection.execute(_COUNT).fetchone()
            room = max(0, self._queued_max - (row[0] if row else 0))
            added, others = entries[:room], entries[room:]
            connection.execute(
                _ADD,
                (
                    [entry.environment_id for entry in added],
                    [entry.identifier for entry in added],
                    [content_of(entry) for entry in added],
                    [lookup(entry.environment_id, entry.identifier) for entry in added],
                ),
            )
            lookups = [lookup(entry.environment_id, entry.identifier) for entry in others]
            updated = connection.execute(_UPDATE, ([content_of(entry) for entry in others], lookups, lookups)).rowcount
        return len(others) - updated

    def take(self, limit: int) -> list[Identification]:
        with self._connections.lending() as connection:
            rows = connection.execute(_TAKE, (limit,)).fetchall()
        return [of_row(*columns) for _, *columns in sorted(rows)]

    def close(self) -> None:
        self._connections.close()
