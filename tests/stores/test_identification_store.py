from concurrent.futures import ThreadPoolExecutor

from vexil.stores.identifications import Identification, IdentifiedTrait
from vexil.stores.opening import Stores
from vexil.stores.postgres.identifications import PostgresIdentifications
from vexil.stores.sqlite.identifications import SqliteIdentifications

KIM = Identification(1, "kim", 7, False, (IdentifiedTrait(1, "plan", "pro"), IdentifiedTrait(None, "age", 41.5)))
LEE = Identification(1, "x" * 8000, None, True, ())


def test_who_came_first_is_taken_first_and_once(stores: Stores) -> None:
    assert stores.identifications.add([KIM]) == 0
    assert stores.identifications.add([LEE, KIM._replace(environment_id=2)]) == 0

    taken = [stores.identifications.take(1), stores.identifications.take(10), stores.identifications.take(10)]

    assert (taken[0], set(taken[1]), taken[2]) == ([KIM], {LEE, KIM._replace(environment_id=2)}, [])


def test_an_identity_that_asks_again_is_queued_once_as_it_is_now(stores: Stores) -> None:
    stores.identifications.add([KIM, KIM._replace(traits=())])
    stores.identifications.add([KIM._replace(is_server=True)])

    assert stores.identifications.take(10) == [KIM._replace(is_server=True)]


def test_beyond_the_limit_only_those_who_wait_are_brought_up_to_date(stores: Stores) -> None:
    small = stores.identifications
    assert isinstance(small, SqliteIdentifications | PostgresIdentifications)
    small = type(small)(small._connections, queued_max=1)  # type: ignore[arg-type]
    small.add([KIM])

    dropped = small.add([LEE, KIM._replace(is_server=True)])

    assert (dropped, small.take(10)) == (1, [KIM._replace(is_server=True)])


def test_additions_and_takers_at_once_lose_and_repeat_nothing(stores: Stores) -> None:
    def add(number: int) -> None:
        entries = [KIM._replace(identifier=f"{number}-{row}") for row in range(20)]
        stores.identifications.add(entries if number % 2 else entries[::-1])

    with ThreadPoolExecutor(4) as pool:
        adding = [pool.submit(add, number) for number in range(10)]
        taking = [pool.submit(stores.identifications.take, 7) for _ in range(20)]
        taken = [entry for future in taking for entry in future.result()]
        for future in adding:
            future.result()
    taken += stores.identifications.take(1000)

    assert sorted(entry.identifier for entry in taken) == sorted(f"{n}-{row}" for n in range(10) for row in range(20))
