"""Identities in SQLite.

A batch goes to and fro as one JSON document per statement: Python gives up its interpreter lock at every row that
SQLite steps through, and getting it back from a busy event loop takes milliseconds. For the same reason few statements
are better than many.
"""

# ruff: noqa: S608 -- statements are put together from constants of this file only

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from vexil.stores.identities import (
    INTEGER_MAX,
    SEARCHED_MAX,
    Found,
    IdentifierTaken,
    Identity,
    Increment,
    Page,
    Saved,
    TraitValue,
    Upsert,
)
from vexil.stores.rows import (
    NO_TRAITS,
    IdentityRow,
    Key,
    Merge,
    found,
    increment,
    keys_of,
    merge,
    restored,
    saved,
    storable_identifier,
    with_traits,
)
from vexil.stores.sqlite.connections import Connections, translating
from vexil.stores.times import now_microseconds

_COLUMNS = "id, environment_id, identifier, created_at_us, traits, next_trait_id"
_FIND = f"SELECT {_COLUMNS} FROM identities WHERE environment_id = ? AND identifier = ?"
_GET = f"SELECT {_COLUMNS} FROM identities WHERE environment_id = ? AND id = ?"
_GET_MANY = f"""
    SELECT {_COLUMNS} FROM identities
    WHERE environment_id = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'identities'"
_FIND_MANY = f"""
    SELECT json_group_array(json_array(identities.{_COLUMNS})), ({_LAST_ID})
    FROM json_each(?) AS wanted CROSS JOIN identities
    WHERE environment_id = json_extract(wanted.value, '$[0]') AND identifier = json_extract(wanted.value, '$[1]')
"""
_INSERT_MANY = f"""
    INSERT INTO identities ({_COLUMNS})
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
           json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]')
    FROM json_each(?)
"""
# Inserts none of them if another process was given ids meanwhile, also if their rows are gone again. One that was
# renamed meanwhile can be in the way all the same, and is spared.
_INSERT_NEXT = f"{_INSERT_MANY.replace('INSERT', 'INSERT OR IGNORE', 1)} WHERE ({_LAST_ID}) = ?"
_UPDATE_MANY = """
    UPDATE identities
    SET traits = json_extract(changed.value, '$[4]'), next_trait_id = json_extract(changed.value, '$[5]')
    FROM json_each(?) AS changed WHERE identities.id = json_extract(changed.value, '$[0]')
"""
_UPDATE_UNCHANGED = """
    UPDATE identities
    SET traits = json_extract(changed.value, '$[1]'), next_trait_id = json_extract(changed.value, '$[2]')
    FROM json_each(?) AS changed
    WHERE identities.id = json_extract(changed.value, '$[0]') AND traits = json_extract(changed.value, '$[3]')
      AND next_trait_id = json_extract(changed.value, '$[4]')
"""
_CREATE = f"""
    INSERT INTO identities (environment_id, identifier, created_at_us, traits, next_trait_id) VALUES (?, ?, ?, ?, 1)
    RETURNING {_COLUMNS}
"""
_RENAME = f"UPDATE identities SET identifier = ? WHERE environment_id = ? AND id = ? RETURNING {_COLUMNS}"
_NEWEST = f"SELECT {_COLUMNS} FROM identities WHERE environment_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
_BEGINNING = f"""
    SELECT {_COLUMNS} FROM identities WHERE environment_id = ? AND identifier >= ? AND identifier < ?
    ORDER BY identifier LIMIT ?
"""
_CONTAINING = f"""
    SELECT {_COLUMNS} FROM (SELECT * FROM identities WHERE environment_id = ? ORDER BY id DESC LIMIT ?)
    WHERE instr(casefold(identifier), ?) LIMIT ?
"""
_LOOKED_AT = "SELECT count(*) FROM (SELECT 1 FROM identities WHERE environment_id = ? LIMIT ?)"
_LAST_CHARACTER = "\U0010ffff"
_AFTER = f"SELECT {_COLUMNS} FROM identities WHERE environment_id = ? AND id > ? ORDER BY id LIMIT ?"
_TAKEN = "SELECT id FROM identities WHERE id IN (SELECT value FROM json_each(?))"
_DELETE = "DELETE FROM identities WHERE environment_id = ? AND id = ?"
_DELETE_SOME = """
    DELETE FROM identities
    WHERE id IN (SELECT id FROM identities WHERE environment_id = ? ORDER BY id LIMIT 2000)
"""

_rows_decoder = msgspec.json.Decoder(list[IdentityRow])


class SqliteIdentities:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, environment_id: int, identifier: str) -> Identity | None:
        return self._one(_FIND, environment_id, identifier)

    def get(self, environment_id: int, identity_id: int) -> Identity | None:
        return self._one(_GET, environment_id, identity_id)

    def _one(self, statement: str, *parameters: int | str) -> Identity | None:
        with translating:
            row = self._connections.get().execute(statement, parameters).fetchone()
        return Identity._make(row[:5]) if row else None

    def find_many(self, wanted: Sequence[tuple[int, str]]) -> list[Identity | None]:
        with translating:
            rows, _ = _rows(self._connections.get(), wanted)
        return [rows[key].to_identity() if key in rows else None for key in wanted]

    def get_many(self, environment_id: int, identity_ids: Sequence[int]) -> list[Identity]:
        ids = msgspec.json.encode(identity_ids).decode()
        with translating:
            rows = self._connections.get().execute(_GET_MANY, (environment_id, ids)).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def upsert_many(self, upserts: Sequence[Upsert]) -> list[Saved]:
        keys, now_us = keys_of(upserts), now_microseconds()
        with translating:
            connection = self._connections.get()
            present, last_id = _rows(connection, keys)
            merged = merge(present, upserts, now_us)
            if _written_at_once(connection, merged, present, last_id):
                return saved(upserts, present, merged.rows)
        with self._connections.writing() as connection:
            present, last_id = _rows(connection, keys)
            merged = merge(present, upserts, now_us)
            _write(connection, merged, last_id)
        return saved(upserts, present, merged.rows)

    def save_many(self, upserts: Sequence[Upsert]) -> list[Identity]:
        return [one.after for one in self.upsert_many(upserts)]

    def increment_many(self, increments: Sequence[Increment]) -> list[int]:
        with self._connections.writing() as connection:
            present, last_id = _rows(connection, keys_of(increments))
            merged, values = increment(present, increments, now_microseconds())
            _write(connection, merged, last_id)
        return values

    def create(self, environment_id: int, identifier: str) -> Identity:
        parameters = (environment_id, storable_identifier(identifier), now_microseconds(), NO_TRAITS)
        (row,) = self._claim(_CREATE, parameters)
        return row.to_identity()

    def rename(self, environment_id: int, identity_id: int, identifier: str) -> Identity | None:
        rows = self._claim(_RENAME, (storable_identifier(identifier), environment_id, identity_id))
        return rows[0].to_identity() if rows else None

    def _claim(self, statement: str, parameters: tuple[int | str, ...]) -> list[IdentityRow]:
        with translating:
            try:
                rows = self._connections.get().execute(statement, parameters).fetchall()
            except sqlite3.IntegrityError as error:
                raise IdentifierTaken from error
        return [IdentityRow._make(row) for row in rows]

    def delete(self, environment_id: int, identity_id: int) -> bool:
        with translating:
            return self._connections.get().execute(_DELETE, (environment_id, identity_id)).rowcount == 1

    def delete_environment(self, environment_id: int) -> None:
        # A little at a time, so that trait writes of other environments come in between.
        is_more_left = True
        while is_more_left:
            with translating:
                is_more_left = self._connections.get().execute(_DELETE_SOME, (environment_id,)).rowcount > 0

    def page(self, environment_id: int, *, offset: int, limit: int, contains: str = "", exact: str = "") -> Page:
        condition, parameters = _condition(environment_id, contains, exact)
        count = f"SELECT count(*) FROM identities WHERE {condition}"
        rows = f"SELECT {_COLUMNS} FROM identities WHERE {condition} ORDER BY id LIMIT ? OFFSET ?"
        with translating:
            connection = self._connections.get()
            total = connection.execute(count, parameters).fetchone()[0]
            found = connection.execute(rows, (*parameters, limit, offset)).fetchall()
        return Page(total, [IdentityRow._make(row).to_identity() for row in found])

    def newest(self, environment_id: int, *, before_id: int | None, limit: int) -> list[Identity]:
        with translating:
            connection = self._connections.get()
            rows = connection.execute(_NEWEST, (environment_id, before_id or INTEGER_MAX, limit)).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def search(self, environment_id: int, text: str, *, limit: int) -> Found:
        with translating:
            connection = self._connections.get()
            until = text + _LAST_CHARACTER
            beginning = connection.execute(_BEGINNING, (environment_id, text, until, limit + 1)).fetchall()
            containing = connection.execute(
                _CONTAINING, (environment_id, SEARCHED_MAX, text.casefold(), limit + 1)
            ).fetchall()
            (looked_at,) = connection.execute(_LOOKED_AT, (environment_id, SEARCHED_MAX + 1)).fetchone()
        return found(beginning, containing, limit=limit, looked_at=looked_at)

    def after(self, environment_id: int, identity_id: int, *, limit: int) -> list[Identity]:
        with translating:
            rows = self._connections.get().execute(_AFTER, (environment_id, identity_id, limit)).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def restore_many(self, identities: Sequence[Identity]) -> int:
        keys = sorted({(identity.environment_id, identity.identifier) for identity in identities})
        with self._connections.writing() as connection:
            present, _ = _rows(connection, keys)
            merged = restored(present, identities, now_microseconds())
            wanted = msgspec.json.encode([row.id for row in merged.inserted]).decode()
            taken = {row_id for (row_id,) in connection.execute(_TAKEN, (wanted,))}
            keeping = [row for row in merged.inserted if row.id and row.id not in taken]
            connection.execute(_INSERT_MANY, (msgspec.json.encode(keeping).decode(),))
            others = [row for row in merged.inserted if not row.id or row.id in taken]
            (last_id,) = connection.execute(_LAST_ID).fetchone()
            _write(connection, Merge({}, others, merged.updated), last_id)
        return sum(1 for row in others if row.id)

    def set_traits(
        self, environment_id: int, identity_id: int, traits: dict[str, TraitValue | None]
    ) -> Identity | None:
        with self._connections.writing() as connection:
            stored = connection.execute(_GET, (environment_id, identity_id)).fetchone()
            if stored is None:
                return None
            row = with_traits(IdentityRow._make(stored), traits, now_microseconds())
            if row != stored:
                connection.execute(_UPDATE_MANY, (msgspec.json.encode([row]).decode(),))
        return row.to_identity()

    def close(self) -> None:
        self._connections.close()


def _rows(connection: sqlite3.Connection, wanted: Sequence[Key]) -> tuple[Mapping[Key, IdentityRow], int]:
    """Those that are there, and the last id that was ever given."""
    rows, last_id = connection.execute(_FIND_MANY, (msgspec.json.encode(wanted).decode(),)).fetchone()
    return {row.key: row for row in _rows_decoder.decode(rows)}, last_id


def _written_at_once(
    connection: sqlite3.Connection, merged: Merge, present: Mapping[Key, IdentityRow], last_id: int
) -> bool:
    """Write without a transaction around it, if one statement is enough.

    Say no where it is not, or where somebody else has written in between: what is written then is right all the same.
    """
    inserted, updated = merged.inserted, merged.updated
    if inserted and updated:
        return False
    if inserted:
        numbered = _numbered(merged, last_id)
        cursor = connection.execute(_INSERT_NEXT, (msgspec.json.encode(numbered).decode(), last_id))
        return cursor.rowcount == len(numbered)
    if updated:
        changes = [(row.id, *row[4:], *present[row.key][4:]) for row in updated]
        cursor = connection.execute(_UPDATE_UNCHANGED, (msgspec.json.encode(changes).decode(),))
        return cursor.rowcount == len(changes)
    return True


def _write(connection: sqlite3.Connection, merged: Merge, last_id: int) -> None:
    if merged.inserted:
        connection.execute(_INSERT_MANY, (msgspec.json.encode(_numbered(merged, last_id)).decode(),))
    if merged.updated:
        connection.execute(_UPDATE_MANY, (msgspec.json.encode(merged.updated).decode(),))


def _numbered(merged: Merge, last_id: int) -> list[IdentityRow]:
    """The rows to insert with the ids that they get, also in the map of all."""
    numbered = [IdentityRow(row_id, *row[1:]) for row_id, row in enumerate(merged.inserted, last_id + 1)]
    merged.rows.update({row.key: row for row in numbered})
    return numbered


def _condition(environment_id: int, contains: str, exact: str) -> tuple[str, tuple[int | str, ...]]:
    if exact:
        return "environment_id = ? AND identifier = ?", (environment_id, exact)
    if contains:
        # LIKE ignores case for ASCII letters only.
        return "environment_id = ? AND instr(casefold(identifier), ?)", (environment_id, contains.casefold())
    return "environment_id = ?", (environment_id,)
