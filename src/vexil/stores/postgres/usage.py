"""Usage counts in PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from vexil.stores.postgres.connections import Connections
from vexil.stores.times import from_microseconds, to_microseconds
from vexil.stores.usage import UsageKey

# Sorted, so that two processes that add to the same rows cannot wait for each other in a circle.
_ADD = """
    INSERT INTO flags_usage AS stored (environment_id, resource, hour_us, sdk, requests)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[]) ORDER BY 1, 2, 3, 4
    ON CONFLICT (environment_id, hour_us, resource, sdk) DO UPDATE SET requests = stored.requests + excluded.requests
"""
_TOTALS = """
    SELECT environment_id, resource, hour_us, sdk, requests FROM flags_usage
    WHERE environment_id = ANY(%s) AND hour_us >= %s AND hour_us < %s
"""


class PostgresUsage:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[UsageKey, int]) -> None:
        columns = (
            [key.environment_id for key in counts],
            [key.resource for key in counts],
            [to_microseconds(key.hour) for key in counts],
            [key.sdk for key in counts],
            list(counts.values()),
        )
        with self._connections.lending() as connection:
            connection.execute(_ADD, columns)

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        with self._connections.lending() as connection:
            rows = connection.execute(
                _TOTALS, (environment_ids, to_microseconds(since), to_microseconds(until))
            ).fetchall()
        return {
            UsageKey(environment_id, resource, from_microseconds(hour_us), sdk): requests
            for environment_id, resource, hour_us, sdk, requests in rows
        }

    def close(self) -> None:
        self._connections.close()
