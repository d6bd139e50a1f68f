"""Usage counts in SQLite."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import DAY_US, from_microseconds, to_microseconds
from vexil.stores.usage import UsageKey

_LABELS = "resource, sdk, application, application_version"
_ADD = f"""
    INSERT INTO usage (environment_id, hour_us, {_LABELS}, requests) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (environment_id, hour_us, {_LABELS}) DO UPDATE SET requests = requests + excluded.requests
"""
_CHOSEN = "FROM usage WHERE environment_id IN (SELECT value FROM json_each(?)) AND hour_us >= ? AND hour_us < ?"
_TOTALS = f"SELECT environment_id, hour_us, {_LABELS}, requests {_CHOSEN}"
_BY_DAY = f"""
    SELECT environment_id, hour_us - hour_us % {DAY_US} AS day_us, {_LABELS}, sum(requests) {_CHOSEN}
    GROUP BY environment_id, day_us, {_LABELS}
"""
_SUMS = f"SELECT environment_id, sum(requests) {_CHOSEN} GROUP BY environment_id"
_FOLD = f"""
    INSERT INTO usage (environment_id, hour_us, {_LABELS}, requests)
    SELECT environment_id, hour_us - hour_us % {DAY_US} AS day_us, {_LABELS}, sum(requests) FROM usage
    WHERE hour_us < ? AND hour_us % {DAY_US} > 0 GROUP BY environment_id, day_us, {_LABELS}
    ON CONFLICT (environment_id, hour_us, {_LABELS}) DO UPDATE SET requests = requests + excluded.requests
"""
_FORGET = (f"DELETE FROM usage WHERE hour_us < ? AND hour_us % {DAY_US} > 0", "DELETE FROM usage WHERE hour_us < ?")


class SqliteUsage:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[UsageKey, int]) -> None:
        rows = [
            (
                key.environment_id,
                to_microseconds(key.hour),
                key.resource,
                key.sdk,
                key.application,
                key.application_version,
                requests,
            )
            for key, requests in counts.items()
        ]
        with self._connections.writing() as connection:
            connection.executemany(_ADD, rows)

    def totals(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        return _counts(self._rows(_TOTALS, environment_ids, since, until))

    def by_day(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        return _counts(self._rows(_BY_DAY, environment_ids, since, until))

    def sums(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
        return dict(self._rows(_SUMS, environment_ids, since, until))

    def fold(self, *, before: datetime, forget_before: datetime) -> None:
        with self._connections.writing() as connection:
            connection.execute(_FOLD, (to_microseconds(before),))
            for statement, moment in zip(_FORGET, (before, forget_before), strict=True):
                connection.execute(statement, (to_microseconds(moment),))

    def _rows(self, statement: str, environment_ids: Sequence[int], since: datetime, until: datetime) -> list[Any]:
        ids = msgspec.json.encode(list(environment_ids)).decode()
        with translating:
            parameters = (ids, to_microseconds(since), to_microseconds(until))
            return self._connections.get().execute(statement, parameters).fetchall()

    def close(self) -> None:
        self._connections.close()


def _counts(rows: list[Any]) -> dict[UsageKey, int]:
    return {
        UsageKey(environment_id, resource, from_microseconds(hour_us), *labels): requests
        for environment_id, hour_us, resource, *labels, requests in rows
    }
