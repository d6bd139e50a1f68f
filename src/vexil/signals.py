"""SIGTERM and SIGINT as something that a main thread waits for."""

import os
import select
import signal

END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class EndSignal:
    """Taken from its creation on, instead of ending the process.

    A handler interrupts the very thread that waits, so it may not touch an `Event`: a second signal would find the
    event's lock taken by the first, for ever. A byte in a pipe has no lock.
    """

    def __init__(self) -> None:
        self._received, self._end = os.pipe()
        os.set_blocking(self._end, False)
        for number in END_SIGNALS:
            signal.signal(number, lambda *_: os.write(self._end, b"."))

    def fileno(self) -> int:
        """Readable once a signal has come, for those who wait for other things, too."""
        return self._received

    def wait(self, timeout_seconds: float) -> bool:
        """Whether a signal has come, now or within this time."""
        return bool(select.select([self._received], [], [], timeout_seconds)[0])
