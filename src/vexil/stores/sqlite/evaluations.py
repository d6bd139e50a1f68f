"""Counts of evaluated features, and first evaluations, in SQLite."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from vexil.stores.evaluations import EvaluationKey, FirstEvaluation, enabled_number, enabled_of_number
from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import from_microseconds, to_microseconds

_ADD = """
    INSERT INTO evaluations (environment_id, feature_name, hour_us, enabled, sdk, evaluations)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (environment_id, hour_us, feature_name, enabled, sdk)
    DO UPDATE SET evaluations = evaluations + excluded.evaluations
"""
_TOTALS = """
    SELECT environment_id, feature_name, hour_us, enabled, sdk, evaluations FROM evaluations
    WHERE environment_id IN (SELECT value FROM json_each(?)) AND hour_us >= ? AND hour_us < ?
"""
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
                key.feature_name,
                to_microseconds(key.hour),
                enabled_number(key.enabled),
                key.sdk,
                evaluations,
            )
            for key, evaluations in counts.items()
        ]
        with self._connections.writing() as connection:
            connection.executemany(_ADD, rows)

    def totals(self, environment_ids: list[int], since: datetime, until: datetime) -> dict[EvaluationKey, int]:
        ids = msgspec.json.encode(environment_ids).decode()
        with translating:
            rows = (
                self._connections.get()
                .execute(_TOTALS, (ids, to_microseconds(since), to_microseconds(until)))
                .fetchall()
            )
        return {
            EvaluationKey(
                environment_id, name, from_microseconds(hour_us), enabled_of_number(enabled), sdk
            ): evaluations
            for environment_id, name, hour_us, enabled, sdk, evaluations in rows
        }

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
