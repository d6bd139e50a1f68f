"""Counts of evaluated features, and first evaluations, in SQLite."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vexil.stores.evaluations import EvaluationKey, FirstEvaluation, enabled_number, enabled_of_number
from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import DAY_US, from_microseconds, to_microseconds

_LABELS = "feature_name, enabled, sdk, application, application_version"
_ADD = f"""
    INSERT INTO evaluations (environment_id, hour_us, {_LABELS}, evaluations) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (environment_id, hour_us, {_LABELS}) DO UPDATE SET evaluations = evaluations + excluded.evaluations
"""
_CHOSEN = "FROM evaluations WHERE environment_id IN (SELECT value FROM json_each(?)) AND hour_us >= ?"
_TOTALS = f"SELECT environment_id, hour_us, {_LABELS}, evaluations {_CHOSEN} AND hour_us < ?"
_BY_DAY = f"""
    SELECT environment_id, hour_us - hour_us % {DAY_US} AS day_us, {_LABELS}, sum(evaluations) {_CHOSEN}
    AND hour_us < ? AND feature_name = ? GROUP BY environment_id, day_us, {_LABELS}
"""
_LAST = f"SELECT environment_id, feature_name, max(hour_us) {_CHOSEN} GROUP BY environment_id, feature_name"
_FOLD = f"""
    INSERT INTO evaluations (environment_id, hour_us, {_LABELS}, evaluations)
    SELECT environment_id, hour_us - hour_us % {DAY_US} AS day_us, {_LABELS}, sum(evaluations) FROM evaluations
    WHERE hour_us < ? AND hour_us % {DAY_US} > 0 GROUP BY environment_id, day_us, {_LABELS}
    ON CONFLICT (environment_id, hour_us, {_LABELS}) DO UPDATE SET evaluations = evaluations + excluded.evaluations
"""
_FORGET = (
    f"DELETE FROM evaluations WHERE hour_us < ? AND hour_us % {DAY_US} > 0",
    "DELETE FROM evaluations WHERE hour_us < ?",
)
_NOTE_FIRST = """
    INSERT INTO first_evaluations (environment_id, at_us, sdk) VALUES (?, ?, ?)
    ON CONFLICT (environment_id) DO NOTHING
"""
_FIRST = "SELECT at_us, sdk FROM first_evaluations WHERE environment_id = ?"


class SqliteEvaluations:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, counts: Mapping[EvaluationKey, int]) -> None:
        rows = [
            (
                key.environment_id,
                to_microseconds(key.hour),
                key.feature_name,
                enabled_number(key.enabled),
                key.sdk,
                key.application,
                key.application_version,
                evaluations,
            )
            for key, evaluations in counts.items()
        ]
        with self._connections.writing() as connection:
            connection.executemany(_ADD, rows)

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
            connection.execute(_FOLD, (to_microseconds(before),))
            for statement, moment in zip(_FORGET, (before, forget_before), strict=True):
                connection.execute(statement, (to_microseconds(moment),))

    def _rows(self, statement: str, environment_ids: Sequence[int], *parameters: int | str) -> list[Any]:
        ids = msgspec.json.encode(list(environment_ids)).decode()
        with translating:
            return self._connections.get().execute(statement, (ids, *parameters)).fetchall()

    def note_first(self, evaluations: Mapping[int, FirstEvaluation]) -> None:
        rows = [(pk, to_microseconds(first.at), first.sdk) for pk, first in evaluations.items()]
        with self._connections.writing() as connection:
            connection.executemany(_NOTE_FIRST, rows)

    def first(self, environment_id: int) -> FirstEvaluation | None:
        with translating:
            row = self._connections.get().execute(_FIRST, (environment_id,)).fetchone()
        return FirstEvaluation(from_microseconds(row[0]), row[1]) if row else None

    def close(self) -> None:
        self._connections.close()


def _counts(rows: list[Any]) -> dict[EvaluationKey, int]:
    return {
        EvaluationKey(environment_id, name, from_microseconds(hour_us), enabled_of_number(enabled), *labels): number
        for environment_id, hour_us, name, enabled, *labels, number in rows
    }
