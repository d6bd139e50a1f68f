"""The numbers in Prometheus' text format. Loaded where metrics are shown, and nowhere else."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

from vexil.metrics.families import ALL, BUILD, DOCUMENT_QUERIES, REQUEST_SECONDS, REQUESTS, Family
from vexil.metrics.registry import Distribution, Labels, State, Values

__all__ = ["CONTENT_TYPE", "text"]

_DOCUMENT_ROUTE = "/api/v1/environment-document/"
_FOUND = {"200", "304"}


def text(state: State, version: str) -> bytes:
    whole = CollectorRegistry(auto_describe=False)
    whole.register(_Collector(state, version))
    return bytes(generate_latest(whole))


class _Collector(Collector):
    def __init__(self, state: State, version: str) -> None:
        self._state = state
        self._derived: dict[str, Values] = {
            BUILD.name: {("unknown", version): 1.0},
            REQUESTS.name: _requests(state),
            DOCUMENT_QUERIES.name: _document_queries(state),
        }

    def collect(self) -> Iterator[Metric]:
        for family in ALL:
            if family.kind == "histogram":
                yield _histogram(family, self._state.distributions.get(family.name, {}))
            else:
                yield _plain(family, self._derived.get(family.name) or self._values(family))

    def _values(self, family: Family) -> Values:
        return self._state.counters.get(family.name) or self._state.now.get(family.name, {})


def _requests(state: State) -> Values:
    """They are counted by their durations."""
    return {
        labels: float(sum(each.counts)) for labels, each in state.distributions.get(REQUEST_SECONDS.name, {}).items()
    }


def _document_queries(state: State) -> Values:
    """All documents that were given, less those for which the environment was loaded first."""
    given = sum(
        number
        for (route, _, status), number in _requests(state).items()
        if route == _DOCUMENT_ROUTE and status in _FOUND
    )
    misses = state.counters.get(DOCUMENT_QUERIES.name, {}).get(("miss",), 0.0)
    return {("hit",): max(0.0, given - misses), ("miss",): misses}


def _plain(family: Family, values: Values) -> Metric:
    made = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = made(family.name, family.help, labels=family.labels)
    for labels, value in sorted(values.items()):
        metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, distributions: dict[Labels, Distribution]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    ends = [*map(str, family.bounds), "+Inf"]
    for labels, distribution in sorted(distributions.items(), key=lambda each: each[0]):
        buckets = list(zip(ends, accumulate(distribution.counts), strict=True))
        metric.add_metric(labels, buckets, distribution.total)
    return metric
