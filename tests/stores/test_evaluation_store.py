from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from vexil.stores.evaluations import EvaluationKey, FirstEvaluation
from vexil.stores.opening import Stores

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_evaluations_add_up_by_feature_hour_and_outcome(stores: Stores) -> None:
    banner = EvaluationKey(1, "banner", NOON, None, "")
    on, off = banner._replace(enabled=True), banner._replace(enabled=False)
    by_sdk = banner._replace(sdk="flagsmith-python-sdk/6.0.0")

    stores.evaluations.add({banner: 2, on: 5, by_sdk: 1})
    stores.evaluations.add({banner: 3, off: 1})
    stores.evaluations.add({})

    assert stores.evaluations.totals([1], NOON, NOON + HOUR) == {banner: 5, on: 5, off: 1, by_sdk: 1}


def test_totals_are_of_the_environments_and_hours_asked_for(stores: Stores) -> None:
    keys = [EvaluationKey(pk, "banner", NOON + hour * HOUR, True, "") for pk in (1, 2, 3) for hour in range(4)]
    stores.evaluations.add(dict.fromkeys(keys, 1))

    totals = stores.evaluations.totals([1, 3], NOON + HOUR, NOON + 3 * HOUR)

    assert totals == dict.fromkeys([key for key in keys if key.environment_id != 2 and key.hour.hour in (13, 14)], 1)


def test_concurrent_additions_lose_nothing(stores: Stores) -> None:
    keys = [EvaluationKey(1, f"feature {number}", NOON, None, "") for number in range(10)]

    def add(number: int) -> None:
        stores.evaluations.add(dict.fromkeys(keys if number % 2 else reversed(keys), 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(40)))

    assert stores.evaluations.totals([1], NOON, NOON + HOUR) == dict.fromkeys(keys, 40)


def test_first_evaluation_stays_the_first(stores: Stores) -> None:
    first = FirstEvaluation(NOON, "flagsmith-js-sdk/9.1.0")

    stores.evaluations.note_first({1: first})
    stores.evaluations.note_first({1: FirstEvaluation(NOON + HOUR, ""), 2: FirstEvaluation(NOON + HOUR, "")})

    found = [stores.evaluations.first(environment_id) for environment_id in (1, 2, 3)]
    assert found == [first, FirstEvaluation(NOON + HOUR, ""), None]


def test_days_of_one_feature_last_hours_and_folding(stores: Stores) -> None:
    midnight, yesterday = NOON - 12 * HOUR, NOON - 36 * HOUR
    banner = EvaluationKey(1, "banner", NOON, True, "", "shop", "1.0")
    stores.evaluations.add({banner: 1, banner._replace(hour=NOON + HOUR): 2, banner._replace(feature_name="other"): 4})
    stores.evaluations.add({banner._replace(hour=yesterday + 3 * HOUR): 8, banner._replace(hour=yesterday + HOUR): 16})

    before = stores.evaluations.by_day([1], "banner", yesterday, NOON + 9 * HOUR)
    stores.evaluations.fold(before=midnight, forget_before=yesterday)

    assert before == {banner._replace(hour=midnight): 3, banner._replace(hour=yesterday): 24}
    assert stores.evaluations.by_day([1], "banner", yesterday, NOON + 9 * HOUR) == before
    assert stores.evaluations.totals([1], yesterday, midnight) == {banner._replace(hour=yesterday): 24}
    assert stores.evaluations.last([1, 2], yesterday) == {(1, "banner"): NOON + HOUR, (1, "other"): NOON}
    stores.evaluations.fold(before=midnight, forget_before=midnight)
    assert stores.evaluations.totals([1], yesterday, midnight) == {}
