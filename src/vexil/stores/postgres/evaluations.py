"""Counts of evaluated features, and first evaluations, in PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime

from vexil.stores.evaluations import EvaluationKey, FirstEvaluation, enabled_number, enabled_of_number
from vexil.stores.postgres.connections import Connections
from vexil.stores.times import from_microseconds, to_microseconds

# Sorted, so that two processes that add to the same rows cannot wait for each other in a circle.
_ADD = """
    INSERT INTO flags_evaluations AS stored (environment_id, feature_name, hour_us, enabled, sdk, evaluations)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::smallint[], %s::text[], %s::bigint[])
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (environment_id, hour_us, feature_name, enabled, sdk)
    DO UPDATE SET evaluations = stored.evaluations + excluded.evaluations
"""
_TOTALS = """
    SELECT environment_id, feature_name, hour_us, enabled, sdk, evaluations FROM flags_evaluations
    WHERE environment_id = ANY(%s) AND hour_us >= %s AND hour_us < %s
"""
_NOTE_FIRST = """
    INSERT INTO flags_first_evaluations (environment_id, at_us, sdk)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) ORDER BY 1
    ON CONFLICT (environment_id) DO NOTHING
"""
_FIRST = "SELECT at_us, sdk FROM flags_first_evaluations WHERE environment_id = %s"


class PostgresEvaluations:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[EvaluationKey, int]) -> None:
        columns = (
            [key.environment_id for key in counts],
            [key.feature_name for key in counts],
            [to_microseconds(key.hour) for key in counts],
            [enabled_number(key.enabled) for key in counts],
            [key.sdk for key in counts],
            list(counts.values()),
        )
        with self._connections.lending() as connection:
            connection.execute(_ADD, columns)

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[EvaluationKey, int]:
        with self._connections.lending() as connection:
            rows = connection.execute(
                _TOTALS, (environment_ids, to_microseconds(since), to_microseconds(until))
            ).fetchall()
        return {
            EvaluationKey(
                environment_id, name, from_microseconds(hour_us), enabled_of_number(enabled), sdk
            ): evaluations
            for environment_id, name, hour_us, enabled, sdk, evaluations in rows
        }

    def note_first(self, evaluations: Mapping[int, FirstEvaluation]) -> None:
        columns = (
            list(evaluations),
            [to_microseconds(first.at) for first in evaluations.values()],
            [first.sdk for first in evaluations.values()],
        )
        with self._connections.lending() as connection:
            connection.execute(_NOTE_FIRST, columns)

    def first(self, environment_id: int) -> FirstEvaluation | None:
        with self._connections.lending() as connection:
            row = connection.execute(_FIRST, (environment_id,)).fetchone()
        return FirstEvaluation(from_microseconds(row[0]), row[1]) if row else None

    def close(self) -> None:
        self._connections.close()
