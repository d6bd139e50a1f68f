"""Usage counts in SQLite."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import from_microseconds, to_microseconds
from vexil.stores.usage import UsageKey

_ADD = """
    INSERT INTO usage (environment_id, resource, hour_us, sdk, requests) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (environment_id, hour_us, resource, sdk) DO UPDATE SET requests = requests + excluded.requests
"""
_TOTALS = """
    SELECT environment_id, resource, hour_us, sdk, requests FROM usage
    WHERE environment_id IN (SELECT value FROM json_each(?)) AND hour_us >= ? AND hour_us < ?
"""


class SqliteUsage:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[UsageKey, int]) -> None:
        rows = [
            (key.environment_id, key.resource, to_microseconds(key.hour), key.sdk, requests)
            for key, requests in counts.items()
        ]
        with self._connections.writing() as connection:
            connection.executemany(_ADD, rows)

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        ids = msgspec.json.encode(environment_ids).decode()
        with translating:
            rows = (
                self._connections.get()
                .execute(_TOTALS, (ids, to_microseconds(since), to_microseconds(until)))
                .fetchall()
            )
        return {
            UsageKey(environment_id, resource, from_microseconds(hour_us), sdk): requests
            for environment_id, resource, hour_us, sdk, requests in rows
        }

    def close(self) -> None:
        self._connections.close()
