"""Answers without a wait to the requests that SDKs send over and over.

What the head of a request (its first line and header fields) says is worked out once: which endpoint, which key,
which labels, which headers in return. A further request with the same head costs the look-ups that remain, in one plain
call. Whatever is unusual in any way is left to the application's whole way, which knows every case; both give the
same answers.
"""

from collections.abc import Callable
from functools import cache

import structlog

from vexil.dataplane.endpoints import AtOnce
from vexil.dataplane.environments import Environments
from vexil.dataplane.requests import Sender
from vexil.dataplane.rsgi import Finished
from vexil.dataplane.usage import UsageCounter
from vexil.wire.headers import Headers

log = structlog.get_logger(__name__)


class Shortcuts:
    """Makes them; `environments` and `usage` are asked and told at each request."""

    def __init__(self, environments: Environments, usage: UsageCounter) -> None:
        self.environments = environments
        self.usage = usage


class Shortcut:
    """The answers to all requests that have one head: called with a body, it answers, or gives None."""

    __slots__ = ("_answer", "_own", "_resource", "_sealed", "_sender", "_shared", "_shortcuts")

    def __init__(
        self, shortcuts: Shortcuts, answer: AtOnce, sender: Sender, *, resource: str, shared: Callable[[int], Headers]
    ) -> None:
        """`resource` is counted (unless empty); `shared` gives the headers of every answer with that status."""
        self._shortcuts = shortcuts
        self._answer = answer
        self._sender = sender
        self._resource = resource
        self._shared = cache(shared)
        self._own: Headers = ()
        self._sealed: Headers = ()

    def __call__(self, content: bytes) -> Finished | None:
        sender = self._sender
        access = self._shortcuts.environments.find(sender.key)
        if access is None or access.environment.organisation.stop_serving_flags:
            return None
        try:
            response = self._answer(access, sender, content)
        except Exception:
            # The whole way meets the same again, and answers it.
            log.exception("shortcut.failed", resource=self._resource)
            return None
        if response is None:
            return None
        if self._resource:
            self._shortcuts.usage.count(access.environment.id, self._resource, sender.labels)
        return response.status, self._all_headers(response.status, response.headers), response.body

    def _all_headers(self, status: int, own: Headers) -> Headers:
        """Found again while the own ones are those of the last time, which they mostly are: 0.1 µs instead of 0.6."""
        if own is not self._own or not own:
            self._own, self._sealed = own, own + self._shared(status)
        return self._sealed
