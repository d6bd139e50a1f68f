import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import POSTGRES_ABSENT, PostgresCluster, postgres_binaries
from tests.stores import programs
from vexil.stores import Unavailable
from vexil.stores.identities import Upsert
from vexil.stores.opening import SQLITE_FILE, Stores, open_stores
from vexil.stores.sqlite import connections


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    """A cluster that a test may stop."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(POSTGRES_ABSENT)
    started = PostgresCluster(binaries)
    try:
        started.start()
        yield started
    finally:
        started.remove()


def assert_unavailable(stores: Stores) -> None:
    calls: list[Callable[[], object]] = [
        stores.ping,
        stores.migrate,
        stores.snapshots.heads,
        lambda: stores.snapshots.put(1, 9, (), b""),
        lambda: stores.identities.find(1, "ann"),
        lambda: stores.identities.save_many([Upsert(1, "ann", {"a": 2})]),
        lambda: stores.usage.add({}),
    ]
    for call in calls:
        with pytest.raises(Unavailable):
            call()


def test_stores_recover_when_postgres_comes_back(cluster: PostgresCluster, tmp_path: Path) -> None:
    stores = open_stores(cluster.new_database(), tmp_path)
    stores.migrate()
    (ann,) = stores.identities.save_many([Upsert(1, "ann", {"a": 1})])
    wakeup = stores.wakeup()
    assert wakeup.wait(10) is True

    cluster.stop("immediate")
    assert_unavailable(stores)
    assert wakeup.wait(0.3) is False
    cluster.start()

    stores.ping()
    assert stores.identities.find(1, "ann") == ann
    assert wakeup.wait(10) is True
    stores.snapshots.put(1, 1, (), b"{}")
    assert wakeup.wait(10) is True
    wakeup.close()
    stores.close()


def test_restart_between_two_calls_goes_unnoticed(cluster: PostgresCluster, tmp_path: Path) -> None:
    stores = open_stores(cluster.new_database(), tmp_path)
    stores.migrate()

    cluster.stop()
    cluster.start()

    assert stores.identities.create(1, "ann").identifier == "ann"
    stores.close()


def test_stores_without_tables_ask_for_migrate(database_url: str | None, tmp_path: Path) -> None:
    stores = open_stores(database_url, tmp_path)

    with pytest.raises(Unavailable):
        stores.ping()

    stores.migrate()
    stores.ping()
    stores.close()


def test_locked_sqlite_is_unavailable_for_writes_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_BUSY_MILLISECONDS", 50)
    stores = open_stores(None, tmp_path)
    stores.migrate()
    (ann,) = stores.identities.save_many([Upsert(1, "ann")])

    with closing(sqlite3.connect(tmp_path / SQLITE_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            stores.identities.save_many([Upsert(1, "bob")])
        with pytest.raises(Unavailable):
            stores.snapshots.put(1, 1, (), b"{}")
        assert stores.identities.find(1, "ann") == ann

    assert stores.snapshots.put(1, 1, (), b"{}") is True
    stores.close()


def test_connections_of_ended_threads_are_closed(tmp_path: Path) -> None:
    opened = connections.Connections(tmp_path / SQLITE_FILE)
    open_stores(None, tmp_path).migrate()

    for _ in range(5):
        thread = threading.Thread(target=opened.get)
        thread.start()
        thread.join()

    assert len(opened._open) == 1
    opened.close()


@pytest.mark.parametrize("batches", [3, 10, 40])
def test_killed_writer_loses_nothing_acknowledged(
    stores: Stores, database_url: str | None, tmp_path: Path, batches: int
) -> None:
    writer = programs.start("write_until_killed", database_url, tmp_path)
    assert writer.stdout
    acknowledged = [writer.stdout.readline() for _ in range(batches)]
    writer.kill()
    acknowledged += writer.stdout.readlines()
    writer.communicate()

    last = max(int(line) for line in acknowledged if line.endswith("\n"))
    wanted = [(batch, f"user-{number}") for batch in range(last + 1) for number in range(20)]
    found = stores.identities.find_many(wanted)

    assert [identity.trait_values() if identity else None for identity in found] == [
        {"batch": batch} for batch, _ in wanted
    ]
    assert stores.identities.page(last + 2, offset=0, limit=1).total == 0


def test_a_damaged_snapshot_is_an_outage(tmp_path: Path) -> None:
    stores = open_stores(None, tmp_path)
    stores.migrate()
    stores.snapshots.put(1, 1, (), bytes(range(256)) * 4096)
    stores.close()
    file = tmp_path / SQLITE_FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    file.write_bytes(whole[:-600_000] + b"\0" * 600_000)

    damaged = open_stores(None, tmp_path)
    with pytest.raises(Unavailable):
        damaged.snapshots.body(1)
    damaged.close()
