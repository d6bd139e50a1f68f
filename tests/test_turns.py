"""Turns are short exactly while long work goes on."""

import sys

import pytest

from vexil.turns import short_turns


def test_turns_are_short_until_the_last_long_work_is_over() -> None:
    ordinary = sys.getswitchinterval()

    with short_turns:
        with short_turns:
            during_both = sys.getswitchinterval()
        during_one = sys.getswitchinterval()

    assert during_both == pytest.approx(during_one)
    assert during_one < ordinary
    assert sys.getswitchinterval() == ordinary


def test_work_that_fails_is_over_as_well() -> None:
    ordinary = sys.getswitchinterval()

    with pytest.raises(LookupError), short_turns:
        raise LookupError

    assert sys.getswitchinterval() == ordinary
