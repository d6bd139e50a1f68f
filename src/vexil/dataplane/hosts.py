"""The hosts that requests may name."""

from collections.abc import Sequence

from vexil.wire.hosts import host_allowed

_REMEMBERED_MAX = 1000


class KnownHosts:
    """Looks at each host once, and remembers those that are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._good: set[str] = set()

    def is_good(self, host: str) -> bool:
        if host in self._good:
            return True
        if not host_allowed(host, self._allowed):
            return False
        if len(self._good) < _REMEMBERED_MAX:
            self._good.add(host)
        return True
