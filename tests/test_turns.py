"""Turns are short exactly while long work goes on."""

import sys
from collections.abc import Iterator

import pytest

from vexil import turns
from vexil.turns import short_turns


@pytest.fixture
def ordinary() -> Iterator[float]:
    """The interval of a process that serves requests; the one of the tests comes back afterwards."""
    before = sys.getswitchinterval()
    turns.begin()
    yield sys.getswitchinterval()
    sys.setswitchinterval(before)


def test_turns_are_short_until_the_last_long_work_is_over(ordinary: float) -> None:
    with short_turns:
        with short_turns:
            during_both = sys.getswitchinterval()
        during_one = sys.getswitchinterval()

    assert during_both == pytest.approx(during_one)
    assert during_one < ordinary
    assert sys.getswitchinterval() == ordinary


def test_work_that_fails_is_over_as_well(ordinary: float) -> None:
    with pytest.raises(LookupError), short_turns:
        raise LookupError

    assert sys.getswitchinterval() == ordinary
