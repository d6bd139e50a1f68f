import hashlib

import pytest

from vexil.engine import percentage


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["1", "env_user-1"], 33.02660532106421),
        (["12", "jZ_alice"], 30.37607521504301),
        (["93", "8AYnz4q3KEfT5DFtnramnP_user-123"], 23.034606921384277),
        (["segment-7", "é"], 59.78195639127826),
        (["5", "user-78"], 9.991998399679936),
        (["5", "user-4012"], 56.30126025205041),
        (["5", "user-4495"], 0.0),
    ],
)
def test_hash_is_that_of_the_contract(ids: list[str], expected: float) -> None:
    assert percentage(ids) == expected


def test_ids_that_would_give_100_are_repeated() -> None:
    digest = hashlib.md5(b"5,user-78").hexdigest()

    assert int(digest, 16) % 9999 == 9998
    assert percentage(["5", "user-78"]) < 100


def test_half_a_surrogate_pair_falls_somewhere() -> None:
    assert 0 <= percentage(["5", "\ud800"]) < 100
