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


def test_days_and_sums_are_added_up_by_the_database(stores: Stores) -> None:
    morning = UsageKey(1, "flags", NOON - 3 * HOUR, "", "shop", "1.0")
    counts = {
        morning: 1,
        morning._replace(hour=NOON): 2,
        morning._replace(hour=NOON, application_version="1.1"): 4,
        morning._replace(hour=NOON + 12 * HOUR): 8,
        morning._replace(environment_id=2): 16,
    }
    stores.usage.add(counts)

    midnight = NOON - 12 * HOUR
    today = morning._replace(hour=midnight)
    assert stores.usage.by_day([1], midnight, NOON + 24 * HOUR) == {
        today: 3,
        today._replace(application_version="1.1"): 4,
        today._replace(hour=midnight + 24 * HOUR): 8,
    }
    assert stores.usage.sums([1, 2, 3], midnight, NOON) == {1: 1, 2: 16}


def test_folding_keeps_every_count_and_forgets_what_is_too_old(stores: Stores) -> None:
    midnight = NOON - 12 * HOUR
    ages = {days: midnight - timedelta(days=days) + 5 * HOUR for days in (0, 1, 2, 9)}
    for days, hour in ages.items():
        stores.usage.add({UsageKey(1, "flags", hour, ""): 10 + days, UsageKey(1, "flags", hour + HOUR, ""): 100})

    for _ in range(2):
        stores.usage.fold(before=midnight - timedelta(days=1), forget_before=midnight - timedelta(days=5))
    stores.usage.add({UsageKey(1, "flags", ages[2], ""): 1000})
    stores.usage.fold(before=midnight - timedelta(days=1), forget_before=midnight - timedelta(days=5))

    assert stores.usage.totals([1], midnight - timedelta(days=30), NOON) == {
        UsageKey(1, "flags", ages[0], ""): 10,
        UsageKey(1, "flags", ages[0] + HOUR, ""): 100,
        UsageKey(1, "flags", ages[1], ""): 11,
        UsageKey(1, "flags", ages[1] + HOUR, ""): 100,
        UsageKey(1, "flags", midnight - timedelta(days=2), ""): 1112,
    }
