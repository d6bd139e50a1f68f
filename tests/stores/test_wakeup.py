import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores import programs
from vexil.stores.identities import Upsert
from vexil.stores.opening import Stores
from vexil.stores.snapshots import Wakeup


@pytest.fixture
def wakeup(stores: Stores) -> Iterator[Wakeup]:
    """One that has come to rest: the first wait always wakes."""
    opened = stores.wakeup()
    assert opened.wait(10) is True
    yield opened
    opened.close()


def test_snapshot_of_another_process_wakes(
    stores: Stores, wakeup: Wakeup, database_url: str | None, tmp_path: Path
) -> None:
    writer = programs.start("put_snapshot", database_url, tmp_path, 7, 1)

    assert wakeup.wait(30) is True

    assert [head.environment_id for head in stores.snapshots.heads()] == [7]
    programs.finish(writer)


def test_forgetting_wakes(stores: Stores, wakeup: Wakeup) -> None:
    stores.snapshots.forget(7, 1)

    assert wakeup.wait(30) is True


def test_quiet_store_and_trait_writes_let_sleep(stores: Stores, wakeup: Wakeup) -> None:
    stores.snapshots.put(7, 2, (), b"{}")
    assert wakeup.wait(30) is True
    stores.snapshots.put(7, 1, (), b"refused")
    stores.identities.save_many([Upsert(1, "ann", {"a": 1})])

    assert wakeup.wait(0.2) is False


def test_interrupt_ends_a_wait_and_the_next_wait_wakes_again(stores: Stores, wakeup: Wakeup) -> None:
    timer = threading.Timer(0.1, wakeup.interrupt)
    timer.start()

    assert wakeup.wait(60) is False

    timer.join()
    stores.snapshots.put(7, 1, (), b"{}")
    assert wakeup.wait(30) is True
