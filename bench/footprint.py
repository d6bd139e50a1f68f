"""Memory of all of a server's processes, and how long it takes to be ready on an existing database."""

import statistics
import time
from pathlib import Path

from tests.journeys.connections import descendants
from tests.journeys.running import Server


def megabytes(server: Server) -> float:
    """Proportional set size, in which shared pages count once."""
    return sum(map(megabytes_of, [server.pid, *descendants(server.pid)]))


def megabytes_of(process: int) -> float:
    return _pss_kilobytes(process) / 1024


def ready_seconds(server: Server, *, starts: int) -> float:
    """The median over several starts; the server runs afterwards."""
    taken = []
    for _ in range(starts):
        server.stop()
        began = time.perf_counter()
        server.start()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _pss_kilobytes(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
