"""A process that is told to end ends, also when it is told again while it takes note of the first time."""

import subprocess
import sys

import pytest

ENDING = """
import signal, sys
from vexil.signals import EndSignal

end, left = EndSignal(), 50

def again(_frame, event, _argument):
    global left
    if left and event in {"call", "c_call"}:
        left -= 1
        signal.raise_signal(signal.SIGTERM)

sys.setprofile(again)
signal.raise_signal(signal.SIGTERM)
while not end.wait(0.001):
    pass
"""


def test_a_signal_within_the_handler_of_another_does_no_harm() -> None:
    try:
        ended = subprocess.run([sys.executable, "-c", ENDING], timeout=20, check=False)
    except subprocess.TimeoutExpired:
        pytest.fail("It waits for ever.")

    assert ended.returncode == 0
