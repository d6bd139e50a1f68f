"""Usage counts in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vexil.stores.postgres.connections import Connections
from vexil.stores.times import DAY_US, from_microseconds, to_microseconds
from vexil.stores.usage import UsageKey

_LABELS = "resource, sdk, application, application_version"
_ADDING = f"""
    ON CONFLICT (environment_id, hour_us, {_LABELS}) DO UPDATE SET requests = stored.requests + excluded.requests
"""
# Sorted, so that two processes that add to the same rows cannot wait for each other in a circle.
_ADD = f"""
    INSERT INTO flags_usage AS stored (environment_id, hour_us, {_LABELS}, requests)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
    ORDER BY 1, 2, 3, 4, 5, 6 {_ADDING}
"""
_CHOSEN = "FROM flags_usage WHERE environment_id = ANY(%s) AND hour_us >= %s AND hour_us < %s"
_TOTALS = f"SELECT environment_id, hour_us, {_LABELS}, requests {_CHOSEN}"
_BY_DAY = f"""
    SELECT environment_id, hour_us / {DAY_US} * {DAY_US} AS day_us, {_LABELS}, sum(requests)::bigint {_CHOSEN}
    GROUP BY environment_id, day_us, {_LABELS}
"""
_SUMS = f"SELECT environment_id, sum(requests)::bigint {_CHOSEN} GROUP BY environment_id"
# What is folded is deleted and added in one statement, so that nothing is counted twice or missed.
_FOLD = f"""
    WITH folded AS (
        DELETE FROM flags_usage WHERE hour_us < %s AND mod(hour_us, {DAY_US}) > 0 RETURNING *
    )
    INSERT INTO flags_usage AS stored (environment_id, hour_us, {_LABELS}, requests)
    SELECT environment_id, hour_us / {DAY_US} * {DAY_US} AS day_us, {_LABELS}, sum(requests) FROM folded
    GROUP BY environment_id, day_us, {_LABELS} ORDER BY environment_id, day_us, {_LABELS} {_ADDING}
"""
_FORGET = "DELETE FROM flags_usage WHERE hour_us < %s"


class PostgresUsage:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[UsageKey, int]) -> None:
        columns = (
            [key.environment_id for key in counts],
            [to_microseconds(key.hour) for key in counts],
            [key.resource for key in counts],
            [key.sdk for key in counts],
            [key.application for key in counts],
            [key.application_version for key in counts],
            list(counts.values()),
        )
        with self._connections.lending() as connection:
            connection.execute(_ADD.encode(), columns)

    def totals(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        return _counts(self._rows(_TOTALS, environment_ids, since, until))

    def by_day(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[UsageKey, int]:
        return _counts(self._rows(_BY_DAY, environment_ids, since, until))

    def sums(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[int, int]:
        return dict(self._rows(_SUMS, environment_ids, since, until))

    def fold(self, *, before: datetime, forget_before: datetime) -> None:
        with self._connections.writing() as connection:
            connection.execute(_FOLD.encode(), (to_microseconds(before),))
            connection.execute(_FORGET, (to_microseconds(forget_before),))

    def _rows(self, statement: str, environment_ids: Sequence[int], since: datetime, until: datetime) -> list[Any]:
        parameters = (list(environment_ids), to_microseconds(since), to_microseconds(until))
        with self._connections.lending() as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def close(self) -> None:
        self._connections.close()


def _counts(rows: list[Any]) -> dict[UsageKey, int]:
    return {
        UsageKey(environment_id, resource, from_microseconds(hour_us), *labels): requests
        for environment_id, hour_us, resource, *labels, requests in rows
    }
