"""Opens the stores of a database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vexil.stores.evaluations import EvaluationStore
from vexil.stores.identifications import IdentificationStore
from vexil.stores.identities import IdentityStore
from vexil.stores.snapshots import SnapshotStore, Wakeup
from vexil.stores.sqlite import schema as sqlite_schema
from vexil.stores.sqlite import throttles as sqlite_throttles
from vexil.stores.sqlite.connections import Connections
from vexil.stores.sqlite.evaluations import SqliteEvaluations
from vexil.stores.sqlite.identifications import SqliteIdentifications
from vexil.stores.sqlite.identities import SqliteIdentities
from vexil.stores.sqlite.snapshots import SqliteSnapshots
from vexil.stores.sqlite.throttles import SqliteThrottles
from vexil.stores.sqlite.usage import SqliteUsage
from vexil.stores.sqlite.wakeup import SqliteWakeup
from vexil.stores.sqlite.workers import SqliteWorkers
from vexil.stores.throttles import ThrottleStore
from vexil.stores.usage import UsageStore
from vexil.stores.workers import WorkerStore

SQLITE_FILE = "flags.sqlite3"
THROTTLES_FILE = "throttles.sqlite3"


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores of one database. Nothing connects before the first call, and a forked child may go on using them."""

    snapshots: SnapshotStore
    identities: IdentityStore
    usage: UsageStore
    throttles: ThrottleStore
    evaluations: EvaluationStore
    identifications: IdentificationStore
    workers: WorkerStore
    wakeup: Callable[[], Wakeup]
    """A new wake-up with a connection of its own; whoever asks for it closes it."""
    migrate: Callable[[], None]
    """Create the tables or bring them up to date; harmless when done twice or by several processes at once."""
    ping: Callable[[], None]
    """Raise `Unavailable` unless the database answers and has its tables."""
    close: Callable[[], None]


def open_stores(database_url: str | None, data_dir: Path, throttles_url: str | None = None) -> Stores:
    """The stores in PostgreSQL at `database_url`, or in SQLite under `data_dir` without one.

    `throttles_url` names a Redis that keeps the throttle logs instead.
    """
    stores = _open_postgres(database_url) if database_url else _open_sqlite(data_dir)
    return _with_redis(stores, throttles_url) if throttles_url else stores


def _with_redis(stores: Stores, url: str) -> Stores:
    from vexil.stores.redis_throttles import RedisThrottles  # noqa: PLC0415 -- slow import

    throttles = RedisThrottles(url)

    def close() -> None:
        stores.close()
        throttles.close()

    return replace(stores, throttles=throttles, close=close)


def _open_sqlite(data_dir: Path) -> Stores:
    path, throttles_path = data_dir / SQLITE_FILE, data_dir / THROTTLES_FILE
    connections, throttles = Connections(path), SqliteThrottles(throttles_path)

    def migrate() -> None:
        sqlite_schema.migrate(path)
        sqlite_throttles.migrate(throttles_path)

    def close() -> None:
        connections.close()
        throttles.close()

    return Stores(
        snapshots=SqliteSnapshots(connections),
        identities=SqliteIdentities(connections),
        usage=SqliteUsage(connections),
        throttles=throttles,
        evaluations=SqliteEvaluations(connections),
        identifications=SqliteIdentifications(connections),
        workers=SqliteWorkers(connections),
        wakeup=partial(SqliteWakeup, path),
        migrate=migrate,
        ping=partial(sqlite_schema.ping, connections),
        close=close,
    )


def _open_postgres(database_url: str) -> Stores:
    from vexil.stores.postgres import schema  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.connections import Connections as Pool  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.evaluations import PostgresEvaluations  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.identifications import PostgresIdentifications  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.identities import PostgresIdentities  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.snapshots import PostgresSnapshots  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.throttles import PostgresThrottles  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.usage import PostgresUsage  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.wakeup import PostgresWakeup  # noqa: PLC0415 -- slow import
    from vexil.stores.postgres.workers import PostgresWorkers  # noqa: PLC0415 -- slow import

    connections = Pool(database_url)
    return Stores(
        snapshots=PostgresSnapshots(connections),
        identities=PostgresIdentities(connections),
        usage=PostgresUsage(connections),
        throttles=PostgresThrottles(connections),
        evaluations=PostgresEvaluations(connections),
        identifications=PostgresIdentifications(connections),
        workers=PostgresWorkers(connections),
        wakeup=partial(PostgresWakeup, connections),
        migrate=partial(schema.migrate, connections),
        ping=partial(schema.ping, connections),
        close=connections.close,
    )
