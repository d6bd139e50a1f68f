from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.stores import programs
from vexil.stores.identities import Upsert
from vexil.stores.opening import Stores, open_stores


def test_traits_that_processes_write_to_one_identity_are_all_kept(
    stores: Stores, database_url: str | None, tmp_path: Path
) -> None:
    programs.finish(*(programs.start("write_traits", database_url, tmp_path, prefix, 40) for prefix in ("a", "b", "c")))

    shared = stores.identities.find(1, "shared")

    assert shared
    assert sorted(shared.trait_values()) == sorted(f"{prefix}-{number}" for prefix in "abc" for number in range(40))
    assert [trait.id for trait in shared.traits] == list(range(1, 121))


def test_increments_of_several_processes_are_all_kept(stores: Stores, database_url: str | None, tmp_path: Path) -> None:
    programs.finish(*(programs.start("increment", database_url, tmp_path, 100) for _ in range(3)))

    shared = stores.identities.find(1, "shared")

    assert shared
    assert shared.trait_values() == {"visits": 900}


def test_batches_that_overlap_in_other_orders_are_all_kept(stores: Stores) -> None:
    names = [f"user-{number}" for number in range(30)]

    def write(thread: int) -> None:
        for number in range(10):
            ordered = names if thread % 2 else names[::-1]
            stores.identities.save_many([Upsert(1, name, {f"{thread}-{number}": number}) for name in ordered])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    expected = sorted(f"{thread}-{number}" for thread in range(4) for number in range(10))
    found = stores.identities.find_many([(1, name) for name in names])
    assert [sorted(identity.trait_values()) if identity else None for identity in found] == [expected] * 30


def test_saving_goes_on_while_the_identity_is_deleted(stores: Stores) -> None:
    def delete(_: int) -> None:
        identity = stores.identities.find(1, "ann")
        if identity:
            stores.identities.delete(1, identity.id)

    with ThreadPoolExecutor(4) as pool:
        deletions = pool.map(delete, range(100))
        saves = [pool.submit(stores.identities.save_many, [Upsert(1, "ann", {"a": number})]) for number in range(100)]

    assert list(deletions) == [None] * 100
    assert [save.result()[0].trait_values() for save in saves] == [{"a": number} for number in range(100)]


def test_processes_that_start_together_migrate_once(database_url: str | None, tmp_path: Path) -> None:
    programs.finish(*(programs.start("migrate", database_url, tmp_path / "new") for _ in range(4)))

    stores = open_stores(database_url, tmp_path / "new")
    stores.migrate()
    stores.ping()
    assert stores.identities.create(1, "ann").id == 1
    stores.close()


def test_forked_child_and_its_parent_both_go_on(stores: Stores, database_url: str | None, tmp_path: Path) -> None:
    (printed,) = programs.finish(programs.start("fork", database_url, tmp_path))

    assert printed.split() == ["before", "child", "after"]
