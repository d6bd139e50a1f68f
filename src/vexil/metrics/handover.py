"""Each process writes its numbers to a file of its own in a folder that all processes of a server share.

What is shown is on disk before: a process that is killed takes up where it was, so that no counter ever goes down,
which Prometheus would take for a restart. At most a second of counts is lost with it.
"""

import resource
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from vexil.metrics.families import PROCESS_CPU, PROCESS_MEMORY, PROCESS_STARTS
from vexil.metrics.registry import State, decoded, merged, registry

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 1.0
_ENDING = ".counts"
_MEMORY = Path("/proc/self/statm")


def new_folder(parent: str) -> Path:
    """An empty folder for the processes of one server, which removes it at its end."""
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="vexil-metrics-", dir=parent or None))


@contextmanager
def handing_over(folder: Path, process: str) -> Iterator[None]:
    """Count for the process of this name, in place of one that may have had it before."""
    registry.clear()
    path = folder / f"{process}{_ENDING}"
    if path.exists():
        registry.restore(decoded(path.read_bytes()))
    registry.count(PROCESS_STARTS, process)
    registry.watch(PROCESS_CPU, lambda: {(process,): _cpu_seconds()})
    if _MEMORY.exists():
        registry.watch(PROCESS_MEMORY, lambda: {(process,): _memory_bytes()})
    _hand_over(path)
    stopping = threading.Event()
    thread = threading.Thread(target=_hand_over_regularly, args=[path, stopping], name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        _hand_over(path)


def all_together(folder: Path, own: str | None = None) -> State:
    """The numbers of all processes, those of one's `own` process of this moment, the others' of the last second."""
    if own is not None:
        _hand_over(folder / f"{own}{_ENDING}")
    return merged(decoded(path.read_bytes()) for path in sorted(folder.glob(f"*{_ENDING}")))


def _hand_over_regularly(path: Path, stopping: threading.Event) -> None:
    while not stopping.wait(_EVERY_SECONDS):
        try:
            _hand_over(path)
        except Exception:
            # The outermost loop of this thread: a full disk must not end it.
            log.exception("metrics.failed")


def _hand_over(path: Path) -> None:
    """In one step, so that nobody reads half of it."""
    text = registry.encoded()
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory_bytes() -> float:
    return float(int(_MEMORY.read_text().split()[1]) * resource.getpagesize())
