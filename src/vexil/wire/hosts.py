"""Which `Host` headers are answered (seed-map.md R11)."""

import re
from collections.abc import Sequence

_HOST = re.compile(r"([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(:[0-9]+)?")


def host_allowed(host_header: str, allowed: Sequence[str]) -> bool:
    """Whether the host is in the list; `*` is every host, a leading dot a domain with its subdomains."""
    match = _HOST.fullmatch(host_header.strip().lower())
    if match is None:
        return False
    host = match[1].removesuffix(".")
    return any(_covers(pattern.lower(), host) for pattern in allowed)


def _covers(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("."):
        return host == pattern[1:] or host.endswith(pattern)
    return host == pattern
