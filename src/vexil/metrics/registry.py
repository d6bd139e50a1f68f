"""The numbers of this process, in dicts and lists: nothing is formatted, locked or written while a request runs."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from vexil.metrics.families import BY_NAME, Family

Labels = tuple[str, ...]
Values = dict[Labels, float]


class Distribution(msgspec.Struct):
    """Of a histogram, with certain labels. The parts may be added to directly, by whoever must be quick."""

    counts: list[int]
    """By bucket, each without those below it."""
    total: float = 0.0

    def add(self, value: float, bounds: tuple[float, ...]) -> None:
        self.counts[bisect_left(bounds, value)] += 1
        self.total += value

    def merge(self, other: "Distribution") -> None:
        self.counts = [mine + more for mine, more in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class State(msgspec.Struct):
    """All numbers of a process, or of several together, by the names of the families."""

    counters: dict[str, Values] = {}
    distributions: dict[str, dict[Labels, Distribution]] = {}
    now: dict[str, Values] = {}
    """What holds for this moment only, and goes with the process."""


Read = Callable[[], Mapping[Labels, float]]


class Registry:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, Read] = {}
        self.clear()

    def clear(self) -> None:
        """In a forked child: what the parent counted is not to be counted twice."""
        self._counters: defaultdict[str, Values] = defaultdict(dict)
        self._distributions: defaultdict[str, dict[Labels, Distribution]] = defaultdict(dict)
        self._read = {}

    def count(self, family: Family, *labels: str, by: float = 1) -> None:
        """From any thread."""
        values = self._counters[family.name]
        with self._lock:
            values[labels] = values.get(labels, 0) + by

    def observe(self, family: Family, value: float, *labels: str) -> None:
        """From any thread."""
        with self._lock:
            self.distribution(family, *labels).add(value, family.bounds)

    def distribution(self, family: Family, *labels: str) -> Distribution:
        """What values with these labels are added to."""
        known = self._distributions[family.name]
        if labels not in known:
            known[labels] = Distribution([0] * (len(family.bounds) + 1))
        return known[labels]

    def watch(self, family: Family, read: Read) -> None:
        """Let the family's values be read, in some thread, each time that the numbers are handed over."""
        self._read[family.name] = read

    def encoded(self) -> bytes:
        """The numbers as they are, for `decoded`. One call of C, in which no other thread changes them."""
        now = {name: dict(read()) for name, read in self._read.items()}
        return _encode(State(self._counters, self._distributions, now))

    def restore(self, state: State) -> None:
        """Go on from the numbers of a process that this one takes the place of."""
        for name, values in state.counters.items():
            for labels, value in values.items():
                self.count(BY_NAME[name], *labels, by=value)
        for name, distributions in state.distributions.items():
            for labels, distribution in distributions.items():
                self.distribution(BY_NAME[name], *labels).merge(distribution)


_encode = msgspec.msgpack.Encoder().encode
decoded = msgspec.msgpack.Decoder(State).decode


def merged(states: Iterable[State]) -> State:
    """All of them together."""
    whole = Registry()
    now: defaultdict[str, defaultdict[Labels, list[float]]] = defaultdict(lambda: defaultdict(list))
    for state in states:
        whole.restore(state)
        for name, values in state.now.items():
            for labels, value in values.items():
                now[name][labels].append(value)
    together = {
        name: {labels: float(BY_NAME[name].together(each)) for labels, each in values.items()}
        for name, values in now.items()
    }
    return State(whole._counters, whole._distributions, together)  # noqa: SLF001 -- it is ours


registry = Registry()
"""That of this process."""
