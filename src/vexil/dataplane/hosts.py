"""The hosts that requests may name."""

from collections.abc import Sequence

from vexil.dataplane.rsgi import ScopeHeaders
from vexil.wire.hosts import host_allowed

_REMEMBERED_MAX = 1000
_CHARACTERS_MAX = 300


class KnownHosts:
    """Looks at each host once, and remembers those that are allowed."""

    def __init__(self, allowed: Sequence[str], *, trusts_proxy: bool) -> None:
        self._allowed = allowed
        self._trusts_proxy = trusts_proxy
        self._good: set[str] = set()

    def of(self, headers: ScopeHeaders) -> str:
        """The host that the client asked for, as the proxy in front says if it is to be believed."""
        forwarded = headers.get("x-forwarded-host") if self._trusts_proxy else None
        return forwarded or headers.get("host") or ""

    def is_good(self, host: str) -> bool:
        if host in self._good:
            return True
        if not host_allowed(host, self._allowed):
            return False
        if len(self._good) < _REMEMBERED_MAX and len(host) <= _CHARACTERS_MAX:
            self._good.add(host)
        return True
