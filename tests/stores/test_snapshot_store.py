from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from vexil.stores.opening import Stores
from vexil.stores.snapshots import EnvironmentKey, Head, NewSnapshot

KEYS = (EnvironmentKey("client"), EnvironmentKey("ser.server", datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC)))


def test_stored_snapshot_is_read_back(stores: Stores) -> None:
    body = bytes(range(256)) * 4096

    assert stores.snapshots.put(7, 3, KEYS, body) is True

    version, read = stores.snapshots.body(7) or (0, b"")
    assert (version, bytes(read)) == (3, body)
    assert stores.snapshots.heads() == [Head(environment_id=7, version=3, change=1, keys=KEYS)]


def test_unknown_snapshot_is_none(stores: Stores) -> None:
    assert stores.snapshots.body(7) is None
    assert stores.snapshots.heads() == []


def test_only_a_later_version_replaces_a_snapshot(stores: Stores) -> None:
    stores.snapshots.put(7, 3, KEYS, b"three")

    kept = [stores.snapshots.put(7, version, (), str(version).encode()) for version in (2, 3, 4)]

    assert kept == [False, False, True]
    assert stores.snapshots.body(7) == (4, b"4")
    assert stores.snapshots.heads() == [Head(7, 4, 2, ())]


def test_several_are_kept_together_unless_a_later_version_is_there(stores: Stores) -> None:
    stores.snapshots.put(7, 3, KEYS, b"three")

    stores.snapshots.put_all(
        [NewSnapshot(6, 1, (), b"one"), NewSnapshot(7, 2, (), b"two"), NewSnapshot(8, 1, KEYS, b"new")]
    )
    stores.snapshots.put_all([])

    assert [stores.snapshots.body(pk) for pk in (6, 7, 8)] == [(1, b"one"), (3, b"three"), (1, b"new")]
    assert stores.snapshots.heads() == [Head(7, 3, 1, KEYS), Head(6, 1, 2, ()), Head(8, 1, 3, KEYS)]


def test_heads_come_in_the_order_of_their_writes(stores: Stores) -> None:
    for environment_id, version in ((1, 1), (2, 1), (3, 1), (1, 2)):
        stores.snapshots.put(environment_id, version, (), b"{}")

    assert stores.snapshots.heads(after=1) == [Head(2, 1, 2, ()), Head(3, 1, 3, ()), Head(1, 2, 4, ())]
    assert stores.snapshots.heads(after=4) == []


def test_forgotten_environment_leaves_a_head_without_keys(stores: Stores) -> None:
    stores.snapshots.put(7, 3, KEYS, b"{}")
    stores.snapshots.put(8, 1, KEYS, b"{}")

    stores.snapshots.forget(7, 4)
    stores.snapshots.forget(7, 4)

    assert stores.snapshots.body(7) is None
    assert stores.snapshots.heads(after=2) == [Head(7, 4, 3, ())]
    assert stores.snapshots.put(7, 4, KEYS, b"late") is False


def test_forgetting_wins_whatever_the_version(stores: Stores) -> None:
    stores.snapshots.put(7, 3, KEYS, b"{}")

    stores.snapshots.forget(7, 2)
    stores.snapshots.forget(9, 1)

    assert stores.snapshots.heads() == [Head(7, 3, 2, ()), Head(9, 1, 3, ())]


def test_follower_misses_no_write_of_concurrent_writers(stores: Stores) -> None:
    def write(environment_id: int) -> None:
        for version in range(1, 31):
            stores.snapshots.put(environment_id, version, (), b"{}")

    seen: list[Head] = []
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, environment_id) for environment_id in range(4)]
        is_over = False
        while not is_over:
            is_over = all(writer.done() for writer in writers)
            seen += stores.snapshots.heads(after=seen[-1].change if seen else 0)

    assert [writer.result() for writer in writers] == [None] * 4
    assert {head.environment_id: head.version for head in seen} == dict.fromkeys(range(4), 30)
    assert [head.change for head in seen] == sorted({head.change for head in seen})
    assert seen[-1].change == 120
