"""Identities that asked for their flags, where integrations want to hear of them; handed to the store once a second."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from vexil.stores.identifications import Identification, IdentificationStore
from vexil.stores.unavailable import Unavailable

log = structlog.get_logger(__name__)

_FLUSH_SECONDS = 1.0
_NOTED_MAX = 10_000


class Identifications:
    """Noting never waits. Of an identity the newest counts; what there is no room for is dropped, and logged."""

    def __init__(self, store: IdentificationStore, noted_max: int = _NOTED_MAX) -> None:
        self._store = store
        self._noted_max = noted_max
        self._noted: dict[tuple[int, str], Identification] = {}
        self._dropped = 0
        self._stopping = asyncio.Event()
        self._flushing: asyncio.Task[None] | None = None

    def note(self, identification: Identification) -> None:
        key = identification[:2]
        if len(self._noted) < self._noted_max or key in self._noted:
            self._noted[key] = identification
        else:
            self._dropped += 1

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._flushing = loop.create_task(self._flush_regularly())

    async def stop(self) -> None:
        """Hand over what is left. The task ends by itself: cancelled in a flush, it would lose what it took."""
        self._stopping.set()
        if self._flushing:
            await self._flushing
        await self._flush()

    async def _flush_regularly(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _FLUSH_SECONDS)
            await self._flush()

    async def _flush(self) -> None:
        noted, self._noted = self._noted, {}
        dropped, self._dropped = self._dropped, 0
        if noted:
            dropped += await asyncio.to_thread(self._hand_over, list(noted.values()))
        if dropped:
            log.warning("identifications.dropped", count=dropped)

    def _hand_over(self, noted: Sequence[Identification]) -> int:
        """For how many there was no room."""
        try:
            return self._store.add(noted)
        except Unavailable:
            return len(noted)
