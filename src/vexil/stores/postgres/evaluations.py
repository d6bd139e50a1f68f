"""Counts of evaluated features, and first evaluations, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vexil.stores.evaluations import EvaluationKey, FirstEvaluation, enabled_number, enabled_of_number
from vexil.stores.postgres.connections import Connections
from vexil.stores.times import DAY_US, from_microseconds, to_microseconds

_LABELS = "feature_name, enabled, sdk, application, application_version"
_ADDING = f"""
    ON CONFLICT (environment_id, hour_us, {_LABELS})
    DO UPDATE SET evaluations = stored.evaluations + excluded.evaluations
"""
# Sorted, so that two processes that add to the same rows cannot wait for each other in a circle.
_ADD = f"""
    INSERT INTO flags_evaluations AS stored (environment_id, hour_us, {_LABELS}, evaluations)
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::bigint[]
    )
    ORDER BY 1, 2, 3, 4, 5, 6, 7 {_ADDING}
"""
_CHOSEN = "FROM flags_evaluations WHERE environment_id = ANY(%s) AND hour_us >= %s"
_TOTALS = f"SELECT environment_id, hour_us, {_LABELS}, evaluations {_CHOSEN} AND hour_us < %s"
_BY_DAY = f"""
    SELECT environment_id, hour_us / {DAY_US} * {DAY_US} AS day_us, {_LABELS}, sum(evaluations)::bigint {_CHOSEN}
    AND hour_us < %s AND feature_name = %s GROUP BY environment_id, day_us, {_LABELS}
"""
_LAST = f"SELECT environment_id, feature_name, max(hour_us) {_CHOSEN} GROUP BY environment_id, feature_name"
# What is folded is deleted and added in one statement, so that nothing is counted twice or missed.
_FOLD = f"""
    WITH folded AS (
        DELETE FROM flags_evaluations WHERE hour_us < %s AND mod(hour_us, {DAY_US}) > 0 RETURNING *
    )
    INSERT INTO flags_evaluations AS stored (environment_id, hour_us, {_LABELS}, evaluations)
    SELECT environment_id, hour_us / {DAY_US} * {DAY_US} AS day_us, {_LABELS}, sum(evaluations) FROM folded
    GROUP BY environment_id, day_us, {_LABELS} ORDER BY environment_id, day_us, {_LABELS} {_ADDING}
"""
_FORGET = "DELETE FROM flags_evaluations WHERE hour_us < %s"
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
            [to_microseconds(key.hour) for key in counts],
            [key.feature_name for key in counts],
            [enabled_number(key.enabled) for key in counts],
            [key.sdk for key in counts],
            [key.application for key in counts],
            [key.application_version for key in counts],
            list(counts.values()),
        )
        with self._connections.lending() as connection:
            connection.execute(_ADD.encode(), columns)

    def totals(self, environment_ids: Sequence[int], since: datetime, until: datetime) -> dict[EvaluationKey, int]:
        return _counts(self._rows(_TOTALS, environment_ids, to_microseconds(since), to_microseconds(until)))

    def by_day(
        self, environment_ids: Sequence[int], feature_name: str, since: datetime, until: datetime
    ) -> dict[EvaluationKey, int]:
        span = (to_microseconds(since), to_microseconds(until))
        return _counts(self._rows(_BY_DAY, environment_ids, *span, feature_name))

    def last(self, environment_ids: Sequence[int], since: datetime) -> dict[tuple[int, str], datetime]:
        rows = self._rows(_LAST, environment_ids, to_microseconds(since))
        return {(environment_id, name): from_microseconds(hour_us) for environment_id, name, hour_us in rows}

    def fold(self, *, before: datetime, forget_before: datetime) -> None:
        with self._connections.writing() as connection:
            connection.execute(_FOLD.encode(), (to_microseconds(before),))
            connection.execute(_FORGET, (to_microseconds(forget_before),))

    def _rows(self, statement: str, environment_ids: Sequence[int], *parameters: int | str) -> list[Any]:
        with self._connections.lending() as connection:
            return connection.execute(statement.encode(), (list(environment_ids), *parameters)).fetchall()

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


def _counts(rows: list[Any]) -> dict[EvaluationKey, int]:
    return {
        EvaluationKey(environment_id, name, from_microseconds(hour_us), enabled_of_number(enabled), *labels): number
        for environment_id, hour_us, name, enabled, *labels, number in rows
    }
