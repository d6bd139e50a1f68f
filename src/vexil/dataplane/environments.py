"""The environments of this process: which key opens which, and each one's newest compiled snapshot.

A thread follows the wake-up of the store, reads what changed, compiles it and swaps it in; requests only look
up a dict. An environment that nobody asked for yet is compiled in the background, or at once when asked for.
"""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog

from vexil.dataplane.compiled import CompiledEnvironment, View
from vexil.metrics.families import SNAPSHOT_SECONDS
from vexil.metrics.registry import registry
from vexil.stores.opening import Stores
from vexil.stores.snapshots import Head
from vexil.stores.unavailable import Unavailable
from vexil.turns import short_turns
from vexil.wire import snapshot
from vexil.wire.keys import digest, is_server_key

log = structlog.get_logger(__name__)


class NotLoaded(Unavailable):
    """The database is away, and what the key opens is not in memory: nothing can be said of the key."""


Changed = Callable[[int, CompiledEnvironment | None], None]
"""Told, in some thread, the id of an environment and what it is now; None when it is gone."""

_WAIT_SECONDS = 1.0
_LARGE_BYTES = 1_000_000
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Access:
    """An environment as one key opens it."""

    environment: CompiledEnvironment
    view: View
    is_server: bool
    expires_at: float
    """Unix seconds; infinity for a key without end."""


class Environments:
    def __init__(self, stores: Stores, changed: Changed) -> None:
        self._stores = stores
        self._changed = changed
        self._accesses: dict[str, Access] = {}
        self._heads: dict[int, Head] = {}
        self._owners: dict[str, int] = {}
        self._ended: dict[str, str] = {}
        self._compiled: dict[int, CompiledEnvironment] = {}
        self._last_change = 0
        self._has_looked = False
        self._refreshing = threading.Lock()
        self._loading: dict[int, asyncio.Future[None]] = {}
        self._stopping = threading.Event()
        self._wakeup = stores.wakeup()
        self._thread = threading.Thread(target=self._follow, name="snapshots", daemon=True)

    @property
    def size(self) -> int:
        """How many are in memory."""
        return len(self._compiled)

    @property
    def last_change(self) -> int:
        """Number of the newest change that was taken in."""
        return self._last_change

    def start(self) -> None:
        """Know every key; compile the environments behind them in the background."""
        try:
            self.refresh()
        except Unavailable:
            log.warning("snapshots.unavailable")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wakeup.interrupt()
        self._thread.join(timeout=5)
        self._wakeup.close()

    def refresh(self) -> None:
        """Take in what changed since the last look. Environments in memory are compiled anew at once."""
        with self._refreshing:
            for head in self._stores.snapshots.heads(after=self._last_change):
                self._take(head)
                self._last_change = head.change
            self._has_looked = True

    def find(self, key: str) -> Access | None:
        """What the key opens, when its environment is in memory and the key is not over."""
        access = self._accesses.get(key)
        if access is None or access.expires_at <= time.time():
            return None
        return access

    def why_not(self, key: str) -> str | None:
        """Why a key opens nothing any more, as a code of the error catalogue; None if it never opened anything."""
        access = self._accesses.get(key)
        if access is not None and access.expires_at <= time.time():
            return "expired_server_key"
        return self._ended.get(digest(key))

    async def load(self, key: str) -> Access | None:
        """The same for a key whose environment may not be in memory yet; None for a key that opens nothing.

        Raise `NotLoaded` when the store would have to be asked and is away.
        """
        if not self._has_looked:
            raise NotLoaded
        environment_id = self._owners.get(key)
        # It may be compiled and not open yet: then this waits for whoever opens it.
        if environment_id is not None and key not in self._accesses:
            try:
                await self._load_once(environment_id)
            except Unavailable:
                raise NotLoaded from None
        return self.find(key)

    async def _load_once(self, environment_id: int) -> None:
        """Requests that miss the same environment at the same time share one compilation."""
        loading = self._loading.get(environment_id)
        if loading is None:
            loading = asyncio.ensure_future(asyncio.to_thread(self._compile, environment_id))
            self._loading[environment_id] = loading
            loading.add_done_callback(lambda _: self._loading.pop(environment_id, None))
        await asyncio.shield(loading)

    def _follow(self) -> None:
        self._warm_up()
        while not self._stopping.is_set():
            try:
                self._wakeup.wait(_WAIT_SECONDS)
                if not self._stopping.is_set():
                    self.refresh()
                    self._warm_up()
            except Unavailable:
                self._stopping.wait(_RETRY_SECONDS)
            except Exception:
                # The outermost loop of this thread: one snapshot that cannot be read must not end all updates.
                log.exception("snapshots.failed")
                self._stopping.wait(_RETRY_SECONDS)

    def _take(self, head: Head) -> None:
        previous = self._heads.get(head.environment_id)
        if head.keys and head.environment_id in self._compiled:
            self._read(head.environment_id)
        self._heads[head.environment_id] = head
        for key in previous.keys if previous else ():
            self._owners.pop(key.key, None)
        for key in head.keys:
            self._owners[key.key] = head.environment_id
        for key in previous.ended if previous else ():
            self._ended.pop(key.key, None)
        for key in head.ended:
            self._ended[key.key] = key.ended or ""
        if not head.keys:
            self._compiled.pop(head.environment_id, None)
        self._open(head, previous)

    def _warm_up(self) -> None:
        for environment_id in [pk for pk, head in self._heads.items() if head.keys and pk not in self._compiled]:
            if self._stopping.is_set():
                return
            self._compile(environment_id)

    def _compile(self, environment_id: int) -> None:
        with self._refreshing:
            head = self._heads.get(environment_id)
            if head is not None and environment_id not in self._compiled:
                self._read(environment_id)
                self._open(head, None)

    def _read(self, environment_id: int) -> None:
        began = time.perf_counter()
        stored = self._stores.snapshots.body(environment_id)
        if stored is None:
            return
        _, body = stored
        try:
            with short_turns, _collector_at_rest(is_large=len(body) > _LARGE_BYTES):
                previous = self._compiled.get(environment_id)
                source = snapshot.decode(body, previous.source if previous else None)
                self._compiled[environment_id] = CompiledEnvironment(source, _warn_once, previous)
        except msgspec.MsgspecError:
            # Of another version of Vexil, or damaged: what is served now stays, and the other environments go on.
            log.exception("snapshot.unreadable", environment_id=environment_id)
        else:
            registry.observe(SNAPSHOT_SECONDS, time.perf_counter() - began)

    def _open(self, head: Head, previous: Head | None) -> None:
        """Swap in what the environment's keys open now, all of them in one step."""
        accesses = dict(self._accesses)
        for key in previous.keys if previous else ():
            accesses.pop(key.key, None)
        environment = self._compiled.get(head.environment_id)
        if environment is not None:
            for key in head.keys:
                accesses[key.key] = _access(environment, key.key, key.expires_at)
        self._accesses = accesses
        self._changed(head.environment_id, environment)


@contextmanager
def _collector_at_rest(*, is_large: bool) -> Iterator[None]:
    """Keep the garbage collector from what a large environment is made of.

    It would walk through all of it several times while it comes to be, and again whenever it is full: 20 ms each, in
    which no request is answered. Nothing in it forms a circle, so that it goes when the next one takes its place.
    """
    if not is_large:
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _access(environment: CompiledEnvironment, key: str, expires_at: datetime | None) -> Access:
    is_server = is_server_key(key)
    return Access(
        environment,
        environment.for_servers if is_server else environment.for_clients,
        is_server,
        expires_at.timestamp() if expires_at else float("inf"),
    )


_warned: set[str] = set()
_WARNINGS_MAX = 1000


def _warn_once(problem: str) -> None:
    """A stored pattern that cannot run counts as no match; say so once, not at each compilation."""
    if problem not in _warned and len(_warned) < _WARNINGS_MAX:
        _warned.add(problem)
        log.warning("segment.pattern_refused", problem=problem)
