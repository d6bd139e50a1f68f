"""What is noted down behind the answers: requests, evaluated features, each environment's first evaluation.

All of it is counted in memory and handed to the stores twice a second and at shutdown (sdk-api.md §1.8 and §7).
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from vexil.dataplane.labels import LabelBook, Labels
from vexil.dataplane.tallies import Tally
from vexil.stores.evaluations import EvaluationKey, EvaluationStore, FirstEvaluation
from vexil.stores.opening import Stores
from vexil.stores.unavailable import Unavailable
from vexil.stores.usage import UsageKey

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 0.5
"""SIGKILL may cost the counts of one second; the other half is for the write."""
_EVALUATING = frozenset({"flags", "identities", "environment-document"})

_Request = tuple[int, str, Labels]
"""Environment id and resource; a plain tuple, since one is made for each request."""
_Evaluation = tuple[int, str, bool | None, Labels]
"""Environment id, feature name and whether it was enabled."""
_Reporter = tuple[int, bool | None, Labels]
"""The same but for the feature: a report names several, and is counted under one of these."""


class UsageCounter:
    """Counting never waits; a task writes what was counted."""

    def __init__(self, stores: Stores, *, keeps_requests: bool) -> None:
        self._keeps_requests = keeps_requests
        self._requests: Tally[_Request, UsageKey] = Tally("requests", stores.usage.add, _usage_key)
        self._evaluations: Tally[_Evaluation, EvaluationKey] = Tally(
            "evaluations", stores.evaluations.add, _evaluation_key
        )
        self._first = _FirstEvaluations(stores.evaluations)
        self._evaluating: set[int] = set()
        self._soon = asyncio.Event()
        self._is_stopping = False
        self._one_flush = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None
        self._reported: defaultdict[_Reporter, Counter[str]] = defaultdict(Counter)
        self.labels = LabelBook()

    def count(self, environment_id: int, resource: str, labels: Labels) -> None:
        self._requests.counts[environment_id, resource, labels] += 1
        if labels.sdk and environment_id not in self._evaluating:
            # Somebody who sets up an SDK may be waiting for a sign of it.
            self._evaluating.add(environment_id)
            self._soon.set()

    def evaluated(self, environment_id: int, enabled: bool | None, labels: Labels) -> Counter[str]:
        """How often by feature name, to be added to before the next wait; `enabled` is None if nobody said."""
        return self._reported[environment_id, enabled, labels]

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._flushing = loop.create_task(self._flush_regularly())

    async def stop(self) -> None:
        """Write what is left. The task ends by itself: cancelled in a flush, it would lose what it took."""
        self._is_stopping = True
        self._soon.set()
        if self._flushing:
            await self._flushing
        await self.flush()

    async def _flush_regularly(self) -> None:
        while not self._is_stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._soon.wait(), _FLUSH_SECONDS)
            self._soon.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write all that was counted until now; another flush that is on its way may have it already."""
        async with self._one_flush:
            reported, self._reported = self._reported, defaultdict(Counter)
            await asyncio.to_thread(self._write, self._requests.take(), reported)

    def _write(self, requests: Mapping[_Request, int], reported: Mapping[_Reporter, Counter[str]]) -> None:
        self._requests.write(requests if self._keeps_requests else {})
        self._evaluations.write(
            {
                (environment_id, name, enabled, labels): number
                for (environment_id, enabled, labels), counts in reported.items()
                for name, number in counts.items()
            }
        )
        self._first.note(requests)


class _FirstEvaluations:
    """Notes once when a known SDK asked an environment for flags for the first time."""

    def __init__(self, store: EvaluationStore) -> None:
        self._store = store
        self._noted: set[int] = set()

    def note(self, requests: Iterable[_Request]) -> None:
        now = datetime.now(UTC)
        new = {
            environment_id: FirstEvaluation(now, labels.sdk.partition("/")[0])
            for environment_id, resource, labels in requests
            if labels.sdk and resource in _EVALUATING and environment_id not in self._noted
        }
        if not new:
            return
        try:
            self._store.note_first(new)
        except Unavailable:
            log.warning("first_evaluations.delayed")
        except Exception:
            # The outermost point of a flush, as for counts.
            log.exception("first_evaluations.failed")
        else:
            self._noted.update(new)


def _usage_key(request: _Request, hour: datetime) -> UsageKey:
    environment_id, resource, labels = request
    return UsageKey(environment_id, resource, hour, *labels)


def _evaluation_key(evaluation: _Evaluation, hour: datetime) -> EvaluationKey:
    environment_id, feature_name, enabled, labels = evaluation
    return EvaluationKey(environment_id, feature_name, hour, enabled, *labels)
