import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from vexil.rates import Rate
from vexil.stores.opening import open_stores
from vexil.stores.throttles import ThrottleStore
from vexil.stores.unavailable import Unavailable

A_DAY = 86_400


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[ThrottleStore]]:
    """The same throttle logs as two processes see them."""
    database_url = request.getfixturevalue("postgres").new_database() if request.param == "postgres" else None
    redis_url = request.getfixturevalue("redis").url if request.param == "redis" else None
    opened = [open_stores(database_url, tmp_path, redis_url) for _ in range(2)]
    opened[0].migrate()
    yield [stores.throttles for stores in opened]
    for stores in opened:
        stores.close()


def test_processes_admit_as_many_as_the_rate_says_together(nodes: list[ThrottleStore]) -> None:
    def ask(number: int) -> bool:
        return nodes[number % 2].admit("together", Rate(25, A_DAY)).wait_seconds == 0

    with ThreadPoolExecutor(8) as threads:
        admitted = Counter(threads.map(ask, range(60)))

    assert admitted == {True: 25, False: 35}


def test_each_bucket_has_a_log_of_its_own(nodes: list[ThrottleStore]) -> None:
    rate = Rate(1, A_DAY)

    assert [nodes[0].admit(bucket, rate).wait_seconds for bucket in ("mine", "yours", "mine")] == [0, 0, A_DAY]


def test_whoever_waits_as_told_is_admitted_although_refusals_came_between(nodes: list[ThrottleStore]) -> None:
    rate = Rate(2, 1)
    first = [nodes[0].admit("patient", rate).wait_seconds for _ in range(2)]
    refusals = [nodes[1].admit("patient", rate).wait_seconds for _ in range(3)]
    time.sleep(refusals[-1])
    second = nodes[0].admit("patient", rate).wait_seconds

    assert (first, refusals, second) == ([0, 0], [1, 1, 1], 0)


def test_a_lower_rate_counts_what_the_higher_one_admitted(nodes: list[ThrottleStore]) -> None:
    for _ in range(5):
        nodes[0].admit("lowered", Rate(10, A_DAY))

    waits = [nodes[0].admit("lowered", Rate(limit, A_DAY)).wait_seconds for limit in (3, 5, 6, 6)]
    assert waits == [A_DAY, A_DAY, 0, A_DAY]


def test_each_request_learns_how_many_are_left(nodes: list[ThrottleStore]) -> None:
    assert [nodes[number % 2].admit("counted", Rate(3, A_DAY)).left for number in range(4)] == [2, 1, 0, 0]


def test_a_log_that_is_over_is_forgotten(tmp_path: Path) -> None:
    stores = open_stores(None, tmp_path)
    stores.migrate()
    for number in range(20):
        stores.throttles.admit(f"address {number}", Rate(1000, 1))
    stores.close()

    again = open_stores(None, tmp_path)
    time.sleep(1.1)
    again.throttles.admit("late", Rate(5, 1))
    assert _buckets(tmp_path / "throttles.sqlite3") == ["late"]
    again.close()


def test_an_absent_redis_is_unavailable(tmp_path: Path) -> None:
    stores = open_stores(None, tmp_path, "redis://127.0.0.1:1/0")

    with pytest.raises(Unavailable, match=r"^Redis: "):
        stores.throttles.admit("anybody", Rate(1, 1))


def _buckets(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [bucket for (bucket,) in connection.execute("SELECT bucket FROM throttles ORDER BY bucket")]
