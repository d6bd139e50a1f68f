from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from vexil.stores.opening import Stores
from vexil.stores.usage import UsageKey

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_counts_add_up_by_hour_resource_and_sdk(stores: Stores) -> None:
    flags, other = UsageKey(1, "flags", NOON, ""), UsageKey(1, "flags", NOON, "flagsmith-python-sdk")

    stores.usage.add({flags: 2, other: 5})
    stores.usage.add({flags: 3})
    stores.usage.add({})

    assert stores.usage.totals([1], NOON, NOON + HOUR) == {flags: 5, other: 5}


def test_totals_are_of_the_environments_and_hours_asked_for(stores: Stores) -> None:
    keys = [UsageKey(environment, "traits", NOON + hour * HOUR, "") for environment in (1, 2, 3) for hour in range(4)]
    stores.usage.add(dict.fromkeys(keys, 1))

    totals = stores.usage.totals([1, 3], NOON + HOUR, NOON + 3 * HOUR)

    assert totals == dict.fromkeys([key for key in keys if key.environment_id != 2 and key.hour.hour in (13, 14)], 1)
    assert stores.usage.totals([], NOON, NOON + HOUR) == {}


def test_concurrent_additions_lose_nothing(stores: Stores) -> None:
    keys = [UsageKey(environment, "flags", NOON, "") for environment in range(10)]

    def add(number: int) -> None:
        stores.usage.add(dict.fromkeys(keys if number % 2 else reversed(keys), 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))

    assert stores.usage.totals(list(range(10)), NOON, NOON + HOUR) == dict.fromkeys(keys, 40)
