"""Identities in PostgreSQL."""

# ruff: noqa: S608 -- statements are put together from constants of this file only

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import psycopg

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
from vexil.stores.postgres.connections import Connection, Connections
from vexil.stores.rows import (
    IdentityRow,
    Key,
    Merge,
    found,
    increment,
    keys_of,
    merge,
    new_row,
    restored,
    saved,
    storable_identifier,
    with_traits,
)
from vexil.stores.times import now_microseconds
from vexil.stores.unavailable import Unavailable

_COLUMNS = "id, environment_id, identifier, created_at_us, traits, next_trait_id"
_FIND = f"SELECT {_COLUMNS} FROM flags_identities WHERE lookup = %b"
# One look into the index for each: left to itself, the planner reads all of a table that it takes for small.
_FIND_MANY = f"""
    SELECT found.* FROM unnest(%b::bytea[]) AS wanted
    CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM flags_identities WHERE lookup = wanted LIMIT 1) AS found
"""
_LOCK_MANY = f"""
    SELECT {_COLUMNS} FROM unnest(%b::bytea[]) AS wanted JOIN flags_identities ON lookup = wanted
    ORDER BY lookup FOR UPDATE OF flags_identities
"""
_GET = f"SELECT {_COLUMNS} FROM flags_identities WHERE environment_id = %s AND id = %s"
_GET_MANY = f"""
    SELECT {_COLUMNS} FROM flags_identities WHERE environment_id = %s AND id = ANY(%s) ORDER BY id
"""
_INSERT_MANY = f"""
    INSERT INTO flags_identities (environment_id, identifier, created_at_us, traits, next_trait_id, lookup)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %b::bytea[]) ORDER BY 6
    ON CONFLICT (lookup) DO NOTHING
    RETURNING {_COLUMNS}
"""
_UPDATE_MANY = """
    UPDATE flags_identities AS stored SET traits = changed.traits, next_trait_id = changed.next_trait_id
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS changed (id, traits, next_trait_id)
    WHERE stored.id = changed.id
"""
_RENAME = f"""
    UPDATE flags_identities SET identifier = %s, lookup = %b WHERE environment_id = %s AND id = %s
    RETURNING {_COLUMNS}
"""
_NEWEST = f"SELECT {_COLUMNS} FROM flags_identities WHERE environment_id = %s AND id < %s ORDER BY id DESC LIMIT %s"
_BEGINNING = f"""
    SELECT {_COLUMNS} FROM flags_identities
    WHERE environment_id = %s AND left(identifier, 100) LIKE %s AND starts_with(identifier, %s)
    ORDER BY left(identifier, 100) USING ~<~ LIMIT %s
"""
_CONTAINING = f"""
    SELECT {_COLUMNS}
    FROM (SELECT * FROM flags_identities WHERE environment_id = %s ORDER BY id DESC LIMIT %s) AS newest
    WHERE identifier ILIKE %s LIMIT %s
"""
_LOOKED_AT = "SELECT count(*) FROM (SELECT 1 FROM flags_identities WHERE environment_id = %s LIMIT %s) AS newest"
_INSERT_WITH_IDS = """
    INSERT INTO flags_identities (id, environment_id, identifier, created_at_us, traits, next_trait_id, lookup)
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %b::bytea[]
    ) ORDER BY 7
    ON CONFLICT (lookup) DO NOTHING
"""
_RAISE_SEQUENCE = "SELECT setval('flags_identities_id_seq', %s) FROM flags_identities_id_seq WHERE last_value < %s"
_AFTER = f"SELECT {_COLUMNS} FROM flags_identities WHERE environment_id = %s AND id > %s ORDER BY id LIMIT %s"
_TAKEN = "SELECT id FROM flags_identities WHERE id = ANY(%s)"
_DELETE = "DELETE FROM flags_identities WHERE environment_id = %s AND id = %s"
_DELETE_SOME = """
    DELETE FROM flags_identities
    WHERE id IN (SELECT id FROM flags_identities WHERE environment_id = %s ORDER BY id LIMIT 2000)
"""

Rows = dict[Key, IdentityRow]

# Each further attempt means that a row was deleted between two statements of the one before.
_ATTEMPTS = 5


def lookup(environment_id: int, identifier: str) -> bytes:
    """What an index holds in place of an identifier, which may be too long for it."""
    return blake2b(f"{environment_id}:{identifier}".encode("utf-8", "surrogatepass"), digest_size=20).digest()


class PostgresIdentities:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, environment_id: int, identifier: str) -> Identity | None:
        return self._one(_FIND, lookup(environment_id, identifier))

    def get(self, environment_id: int, identity_id: int) -> Identity | None:
        return self._one(_GET, environment_id, identity_id)

    def _one(self, statement: str, *parameters: int | str | bytes) -> Identity | None:
        with self._connections.lending() as connection:
            row = connection.execute(statement, parameters).fetchone()
        return IdentityRow._make(row).to_identity() if row else None

    def find_many(self, wanted: Sequence[tuple[int, str]]) -> list[Identity | None]:
        with self._connections.lending() as connection:
            rows = _select(connection, _FIND_MANY, wanted)
        return [rows[key].to_identity() if key in rows else None for key in wanted]

    def get_many(self, environment_id: int, identity_ids: Sequence[int]) -> list[Identity]:
        with self._connections.lending() as connection:
            rows = connection.execute(_GET_MANY, (environment_id, list(identity_ids))).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def upsert_many(self, upserts: Sequence[Upsert]) -> list[Saved]:
        now_us = now_microseconds()
        with self._connections.lending() as connection:
            for _ in range(_ATTEMPTS):
                present = _select(connection, _FIND_MANY, keys_of(upserts))
                expected = merge(present, upserts, now_us)
                if not expected.inserted and not expected.updated:
                    return saved(upserts, present, expected.rows)
                written = _write(connection, expected, upserts, now_us)
                if written is not None:
                    return saved(upserts, present, expected.rows | written)
        raise _deleted_meanwhile()

    def save_many(self, upserts: Sequence[Upsert]) -> list[Identity]:
        return [one.after for one in self.upsert_many(upserts)]

    def increment_many(self, increments: Sequence[Increment]) -> list[int]:
        now_us = now_microseconds()
        with self._connections.lending() as connection:
            for _ in range(_ATTEMPTS):
                with connection.transaction():
                    locked = _present_and_locked(connection, keys_of(increments), now_us)
                    if locked is not None:
                        merged, values = increment(locked, increments, now_us)
                        _update(connection, merged.updated)
                        return values
        raise _deleted_meanwhile()

    def create(self, environment_id: int, identifier: str) -> Identity:
        row = new_row(environment_id, identifier, now_microseconds())
        with self._connections.lending() as connection:
            rows = _insert(connection, [row])
        if not rows:
            raise IdentifierTaken
        return rows[0].to_identity()

    def rename(self, environment_id: int, identity_id: int, identifier: str) -> Identity | None:
        new_lookup = lookup(environment_id, storable_identifier(identifier))
        try:
            return self._one(_RENAME, identifier, new_lookup, environment_id, identity_id)
        except psycopg.errors.UniqueViolation as error:
            raise IdentifierTaken from error

    def delete(self, environment_id: int, identity_id: int) -> bool:
        with self._connections.lending() as connection:
            return connection.execute(_DELETE, (environment_id, identity_id)).rowcount == 1

    def delete_environment(self, environment_id: int) -> None:
        # A little at a time, so that no transaction grows long.
        is_more_left = True
        while is_more_left:
            with self._connections.lending() as connection:
                is_more_left = connection.execute(_DELETE_SOME, (environment_id,)).rowcount > 0

    def page(self, environment_id: int, *, offset: int, limit: int, contains: str = "", exact: str = "") -> Page:
        condition, parameters = _condition(environment_id, contains, exact)
        count = f"SELECT count(*) FROM flags_identities WHERE {condition}"
        rows = f"SELECT {_COLUMNS} FROM flags_identities WHERE {condition} ORDER BY id LIMIT %s OFFSET %s"
        with self._connections.lending() as connection:
            (total,) = connection.execute(count.encode(), parameters).fetchall()[0]
            found = connection.execute(rows.encode(), (*parameters, limit, offset)).fetchall()
        return Page(total, [IdentityRow._make(row).to_identity() for row in found])

    def newest(self, environment_id: int, *, before_id: int | None, limit: int) -> list[Identity]:
        with self._connections.lending() as connection:
            rows = connection.execute(_NEWEST, (environment_id, before_id or INTEGER_MAX, limit)).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def search(self, environment_id: int, text: str, *, limit: int) -> Found:
        if "\0" in text:
            return Found([], is_complete=True)  # PostgreSQL refuses the very question.
        beginning = f"{_escaped(text[:100])}%"
        with self._connections.lending() as connection:
            first = connection.execute(_BEGINNING, (environment_id, beginning, text, limit + 1)).fetchall()
            pattern = f"%{_escaped(text)}%"
            others = connection.execute(_CONTAINING, (environment_id, SEARCHED_MAX, pattern, limit + 1)).fetchall()
            (looked_at,) = connection.execute(_LOOKED_AT, (environment_id, SEARCHED_MAX + 1)).fetchall()[0]
        return found(first, others, limit=limit, looked_at=looked_at)

    def after(self, environment_id: int, identity_id: int, *, limit: int) -> list[Identity]:
        with self._connections.lending() as connection:
            rows = connection.execute(_AFTER, (environment_id, identity_id, limit)).fetchall()
        return [IdentityRow._make(row).to_identity() for row in rows]

    def restore_many(self, identities: Sequence[Identity]) -> int:
        keys = sorted({(identity.environment_id, identity.identifier) for identity in identities})
        with self._connections.writing() as connection:
            merged = restored(_select(connection, _LOCK_MANY, keys), identities, now_microseconds())
            wanted = [row.id for row in merged.inserted]
            taken = {row_id for (row_id,) in connection.execute(_TAKEN, (wanted,)).fetchall()}
            keeping = [row for row in merged.inserted if row.id and row.id not in taken]
            if keeping:
                connection.execute(_INSERT_WITH_IDS, ([row.id for row in keeping], *_columns_of(keeping)))
                highest = max(row.id for row in keeping)
                connection.execute(_RAISE_SEQUENCE, (highest, highest))
            others = [row for row in merged.inserted if not row.id or row.id in taken]
            if others:
                _insert(connection, others)
            _update(connection, merged.updated)
        return sum(1 for row in others if row.id)

    def set_traits(
        self, environment_id: int, identity_id: int, traits: dict[str, TraitValue | None]
    ) -> Identity | None:
        with self._connections.writing() as connection:
            stored = connection.execute(_GET + " FOR UPDATE", (environment_id, identity_id)).fetchone()
            if stored is None:
                return None
            row = with_traits(IdentityRow._make(stored), traits, now_microseconds())
            if row != stored:
                _update(connection, [row])
        return row.to_identity()

    def close(self) -> None:
        self._connections.close()


def _write(connection: Connection, expected: Merge, upserts: Sequence[Upsert], now_us: int) -> Rows | None:
    """Insert and update in one transaction; None when a row is gone that was there a moment ago.

    Rows that another process wrote since they were read are read again under a lock and merged again.
    """
    with connection.transaction():
        rows = _by_key(_insert(connection, expected.inserted)) if expected.inserted else {}
        others = [row.key for row in (*expected.inserted, *expected.updated) if row.key not in rows]
        if others:
            locked = _select(connection, _LOCK_MANY, others)
            if len(locked) < len(others):
                return None
            merged = merge(locked, [upsert for upsert in upserts if upsert.key in locked], now_us)
            _update(connection, merged.updated)
            rows |= merged.rows
    return rows


def _present_and_locked(connection: Connection, keys: Sequence[Key], now_us: int) -> Rows | None:
    """The rows, created if need be, that nobody else can change now; None when one is gone again."""
    found = _select(connection, _FIND_MANY, keys)
    missing = [new_row(*key, now_us) for key in keys if key not in found]
    if missing:
        _insert(connection, missing)
    locked = _select(connection, _LOCK_MANY, keys)
    return locked if len(locked) == len(keys) else None


def _deleted_meanwhile() -> Unavailable:
    return Unavailable("PostgreSQL: the identities were deleted again and again while they were written.")


def _select(connection: Connection, statement: str, keys: Iterable[Key]) -> Rows:
    lookups = [lookup(*key) for key in keys]
    return _by_key(map(IdentityRow._make, connection.execute(statement, (lookups,), binary=True).fetchall()))


def _insert(connection: Connection, rows: Sequence[IdentityRow]) -> list[IdentityRow]:
    """The rows with their ids, less those that another process inserted first."""
    inserted = connection.execute(_INSERT_MANY, _columns_of(rows)).fetchall()
    return [IdentityRow._make(row) for row in inserted]


def _columns_of(rows: Sequence[IdentityRow]) -> tuple[list[int] | list[str] | list[bytes], ...]:
    return (
        [row.environment_id for row in rows],
        [row.identifier for row in rows],
        [row.created_at_us for row in rows],
        [row.traits for row in rows],
        [row.next_trait_id for row in rows],
        [lookup(*row.key) for row in rows],
    )


def _update(connection: Connection, rows: Sequence[IdentityRow]) -> None:
    columns = ([row.id for row in rows], [row.traits for row in rows], [row.next_trait_id for row in rows])
    connection.execute(_UPDATE_MANY, columns)


def _by_key(rows: Iterable[IdentityRow]) -> Rows:
    return {row.key: row for row in rows}


def _condition(environment_id: int, contains: str, exact: str) -> tuple[str, tuple[int | str | bytes, ...]]:
    if exact:
        return "lookup = %s", (lookup(environment_id, exact),)
    if "\0" in contains:
        return "false", ()  # PostgreSQL refuses the very question.
    if contains:
        return "environment_id = %s AND identifier ILIKE %s", (environment_id, f"%{_escaped(contains)}%")
    return "environment_id = %s", (environment_id,)


def _escaped(text: str) -> str:
    """The text as LIKE takes it for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
