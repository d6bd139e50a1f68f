"""Snapshots and identities put straight into a data folder, for what would take too long over the Admin API."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.dataplane.conftest import publish
from tests.dataplane.snapshots import feature, snapshot, state
from vexil.stores.opening import open_stores
from vexil.wire.snapshot import Condition, Link, Rule, Segment, Snapshot

ENVIRONMENT_ID = 3
"""That of the tests' snapshots."""

_ADD_IDENTITIES = """
    WITH RECURSIVE numbers (n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO identities (id, environment_id, identifier, created_at_us, traits, next_trait_id)
    SELECT n, ?, 'user-' || n, 1717243200000000, '[[1,"level",7,1717243200000000],[2,"plan","pro",1717243200000000]]', 3
    FROM numbers
"""


def put(data: Path, *snapshots: Snapshot) -> None:
    """Publish them in a folder that `vexil serve` may use."""
    stores = open_stores(None, data)
    stores.migrate()
    for one in snapshots:
        publish(stores, one)
    stores.close()


def add_identities(data: Path, first: int, last: int) -> None:
    """`user-<first>` to `user-<last>`, with two traits each."""
    with closing(sqlite3.connect(data / "flags.sqlite3")) as connection:
        connection.execute(
            "PRAGMA cache_size = -500000"
        )  # In kB: the index of millions is not filled in its own order.
        connection.execute(_ADD_IDENTITIES, (first, last, ENVIRONMENT_ID))
        connection.commit()


def sized(flags: int, segments: int) -> Snapshot:
    """So many flags; each segment has two conditions and overrides one flag."""
    return snapshot(
        features=[feature(n, f"flag_{n:04}") for n in range(1, flags + 1)],
        defaults=[state(n, n, f"value of flag {n}") for n in range(1, flags + 1)],
        segments=[_segment(n, 1 + n % flags, flags) for n in range(1, segments + 1)],
    )


def _segment(number: int, feature_id: int, flags: int) -> Segment:
    conditions = [
        Condition(operator="EQUAL", property="plan", value="pro"),
        Condition(operator="GREATER_THAN", property="age", value=str(number % 80)),
    ]
    override = state(flags + number, feature_id, "overridden", link=Link(number, number))
    rules = [Rule(type="ALL", rules=[Rule(type="ALL", conditions=conditions)])]
    return Segment(id=number, name=f"segment_{number:03}", rules=rules, overrides=[override])
