"""How long a thread may keep the interpreter from those that wait for it (Python's switch interval).

Requests for flags are answered on one thread, beside short work (commits, counts) and long work (compiling a snapshot,
a request to the Admin API). Beside long work each of them waits for a turn: while a snapshot was compiled, the
median of 16 clients rose from 0.5 ms to 1.2 with turns of 0.5 ms, and hardly with 0.05. Beside commits such short turns
only cost: a new identity took 162 µs of processor time with 0.05 ms, and 114 with Python's own 5. So turns are short
while long work goes on.
"""

import sys
import threading

_SHORT_SECONDS = 0.00005


class _Turns:
    """`with short_turns:` around long work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going_on = 0
        self._ordinary_seconds = sys.getswitchinterval()

    def __enter__(self) -> None:
        with self._lock:
            self._going_on += 1
            sys.setswitchinterval(_SHORT_SECONDS)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._going_on -= 1
            if not self._going_on:
                sys.setswitchinterval(self._ordinary_seconds)


short_turns = _Turns()
