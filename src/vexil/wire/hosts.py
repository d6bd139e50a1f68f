"""Which `Host` headers are answered (seed-map.md R11)."""

from collections.abc import Sequence


def host_allowed(host_header: str, allowed: Sequence[str]) -> bool:
    """Whether the host is in the list; `*` is every host, a leading dot a domain with its subdomains."""
    host = _without_port(host_header.strip().lower())
    return bool(host) and any(_covers(pattern.lower(), host) for pattern in allowed)


def _covers(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("."):
        return host == pattern[1:] or host.endswith(pattern)
    return host == pattern


def _without_port(host: str) -> str:
    """The name or address alone; IPv6 addresses keep their brackets. Empty when the header is malformed."""
    if host.startswith("["):
        address, bracket, rest = host.partition("]")
        return address + bracket if bracket and (not rest or _is_port(rest)) else ""
    name, colon, _ = host.partition(":")
    if colon and not _is_port(host[len(name) :]):
        return ""
    return name.removesuffix(".") if set(name).isdisjoint(" /\\@?#<>\"'") else ""


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit()
