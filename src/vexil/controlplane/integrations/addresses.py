"""Which addresses may be called. What people type must not lead into the network that this server stands in."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv6 addresses behind which a translator (NAT64) puts the whole of IPv4."""

_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")


class InternalAddress(Exception):
    """The host is in an internal or private network."""


class UnknownHost(Exception):
    """The host's name has no address, at least not now."""


def resolve(host: str, port: int, *, allow_internal: bool) -> list[str]:
    """All addresses of a host, none of them internal. Whoever connects uses one of these and asks no more."""
    name = host.rstrip(".").lower()
    if not allow_internal and (name == "localhost" or name.endswith(_LOCAL_NAMES)):
        raise InternalAddress
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"The name of the host cannot be resolved: {error}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_internal and not all(is_public(ip_address(address.partition("%")[0])) for address in addresses):
        raise InternalAddress
    return addresses


def is_public(address: Address) -> bool:
    """Whether it is anybody's on the internet; an IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour
