import pytest

from vexil.stores.identities import Identity, Increment, IntegerTooLarge, NotAnInteger, TraitValue, Upsert
from vexil.stores.opening import Stores


def values(identity: Identity | None) -> dict[str, TraitValue] | None:
    return identity.trait_values() if identity else None


def test_each_increment_sees_those_before_it(stores: Stores) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"visits": 5, "plan": "pro"})])

    after = stores.identities.increment_many(
        [
            Increment(1, "ann", "visits", 2),
            Increment(1, "bob", "visits", 1),
            Increment(1, "ann", "visits", -10),
            Increment(1, "ann", "new", 0),
        ]
    )

    assert after == [7, 1, -3, 0]
    assert values(stores.identities.find(1, "ann")) == {"visits": -3, "plan": "pro", "new": 0}
    assert values(stores.identities.find(1, "bob")) == {"visits": 1}


@pytest.mark.parametrize("value", ["5", 5.0, True])
def test_trait_of_another_type_is_not_incremented(stores: Stores, value: TraitValue) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"visits": value})])

    with pytest.raises(NotAnInteger):
        stores.identities.increment_many([Increment(1, "bob", "visits", 1), Increment(1, "ann", "visits", 1)])

    assert values(stores.identities.find(1, "ann")) == {"visits": value}
    assert stores.identities.find(1, "bob") is None


@pytest.mark.parametrize(("start", "by"), [(2**63 - 1, 1), (-(2**63), -1), (1, 2**63 - 1)])
def test_sum_beyond_64_bits_is_refused(stores: Stores, start: int, by: int) -> None:
    stores.identities.save_many([Upsert(1, "ann", {"visits": start})])

    with pytest.raises(IntegerTooLarge):
        stores.identities.increment_many([Increment(1, "ann", "visits", by)])

    assert values(stores.identities.find(1, "ann")) == {"visits": start}
