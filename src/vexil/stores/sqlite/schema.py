"""The tables and how they come to be."""

import sqlite3
from contextlib import closing
from pathlib import Path

from vexil.stores.sqlite.connections import Connections, connect, translating, use_wal
from vexil.stores.unavailable import Unavailable

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # The body stands last, so that looking at heads never walks through its pages.
        """CREATE TABLE snapshots (
            environment_id INTEGER PRIMARY KEY,
            version INTEGER NOT NULL,
            change INTEGER NOT NULL UNIQUE,
            keys TEXT NOT NULL,
            body BLOB
        ) STRICT""",
        # AUTOINCREMENT: the Admin API refers to identities by id, so a deleted one's id must never come back.
        """CREATE TABLE identities (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            environment_id INTEGER NOT NULL,
            identifier TEXT NOT NULL,
            created_at_us INTEGER NOT NULL,
            traits TEXT NOT NULL,
            next_trait_id INTEGER NOT NULL,
            UNIQUE (environment_id, identifier)
        ) STRICT""",
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('identities', 0)",
        "CREATE INDEX identities_by_creation ON identities (environment_id, id)",
        """CREATE TABLE usage (
            environment_id INTEGER NOT NULL,
            hour_us INTEGER NOT NULL,
            resource TEXT NOT NULL,
            sdk TEXT NOT NULL,
            requests INTEGER NOT NULL,
            PRIMARY KEY (environment_id, hour_us, resource, sdk)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE evaluations (
            environment_id INTEGER NOT NULL,
            hour_us INTEGER NOT NULL,
            feature_name TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            sdk TEXT NOT NULL,
            evaluations INTEGER NOT NULL,
            PRIMARY KEY (environment_id, hour_us, feature_name, enabled, sdk)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE first_evaluations (
            environment_id INTEGER PRIMARY KEY,
            at_us INTEGER NOT NULL,
            sdk TEXT NOT NULL
        ) STRICT""",
    ),
    (
        """CREATE TABLE identifications (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            environment_id INTEGER NOT NULL,
            identifier TEXT NOT NULL,
            content TEXT NOT NULL,
            UNIQUE (environment_id, identifier)
        ) STRICT""",
    ),
    # Labels that clients give themselves. A primary key cannot be changed, so the rows move to new tables.
    (
        "ALTER TABLE usage RENAME TO old_usage",
        """CREATE TABLE usage (
            environment_id INTEGER NOT NULL,
            hour_us INTEGER NOT NULL,
            resource TEXT NOT NULL,
            sdk TEXT NOT NULL,
            application TEXT NOT NULL,
            application_version TEXT NOT NULL,
            requests INTEGER NOT NULL,
            PRIMARY KEY (environment_id, hour_us, resource, sdk, application, application_version)
        ) STRICT, WITHOUT ROWID""",
        "INSERT INTO usage SELECT environment_id, hour_us, resource, sdk, '', '', requests FROM old_usage",
        "DROP TABLE old_usage",
        "ALTER TABLE evaluations RENAME TO old_evaluations",
        """CREATE TABLE evaluations (
            environment_id INTEGER NOT NULL,
            hour_us INTEGER NOT NULL,
            feature_name TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            sdk TEXT NOT NULL,
            application TEXT NOT NULL,
            application_version TEXT NOT NULL,
            evaluations INTEGER NOT NULL,
            PRIMARY KEY (environment_id, hour_us, feature_name, enabled, sdk, application, application_version)
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO evaluations
            SELECT environment_id, hour_us, feature_name, enabled, sdk, '', '', evaluations FROM old_evaluations""",
        "DROP TABLE old_evaluations",
    ),
    (
        """CREATE TABLE workers (
            name TEXT PRIMARY KEY,
            told_at_us INTEGER NOT NULL,
            report TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ),
)


def migrate(path: Path) -> None:
    """Create the file and bring its tables up to date; several processes may do so at once."""
    with translating:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"SQLite: {error}") from error
        with closing(connect(path, mode="rwc")) as connection:
            use_wal(connection)
            connection.execute("BEGIN IMMEDIATE")
            for version, statements in enumerate(_MIGRATIONS[_version(connection) :], _version(connection) + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={version}")
            connection.execute("COMMIT")


def ping(connections: Connections) -> None:
    """Raise `Unavailable` unless the file is there with all its tables."""
    with translating:
        if _version(connections.get()) < len(_MIGRATIONS):
            raise Unavailable("SQLite: the stores' tables are missing or old; run `vexil migrate`.")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
