"""The way to the server: name, port, certificate."""

import socket
import ssl
import time
from collections.abc import Iterator

from vexil.doctor.asking import PATIENCE_SECONDS, Site
from vexil.doctor.findings import Blocked, Finding, bad, good, note

_DAYS_ENOUGH = 14


def findings(site: Site) -> Iterator[Finding]:
    yield _name(site)
    yield _port(site)
    yield _certificate(site) if site.is_secure else note("TLS", "not used: keys travel unencrypted")


def _name(site: Site) -> Finding:
    try:
        found = socket.getaddrinfo(site.host, site.port, type=socket.SOCK_STREAM)
    except OSError:
        raise Blocked(bad("DNS", "dns_failed", host=site.host)) from None
    addresses = sorted({str(entry[4][0]) for entry in found})
    return good("DNS", f"{site.host} is {', '.join(addresses[:3])}")


def _port(site: Site) -> Finding:
    try:
        socket.create_connection((site.host, site.port), PATIENCE_SECONDS).close()
    except OSError:
        raise Blocked(bad("Connection", "connection_refused", address=site.address)) from None
    return good("Connection", f"port {site.port} answers")


def _certificate(site: Site) -> Finding:
    try:
        days = _days_left(site)
    except ssl.SSLCertVerificationError as error:
        problem = error.verify_message or "its certificate is not trusted"
        raise Blocked(bad("TLS", "tls_failed", host=site.host, problem=problem)) from None
    except OSError:
        problem = f"port {site.port} does not speak TLS"
        raise Blocked(bad("TLS", "tls_failed", host=site.host, problem=problem)) from None
    if days < _DAYS_ENOUGH:
        return bad("TLS", "tls_expires_soon", days=days)
    return good("TLS", f"the certificate is good for {days} days")


def _days_left(site: Site) -> int:
    context = ssl.create_default_context()
    with (
        socket.create_connection((site.host, site.port), PATIENCE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=site.host) as secure,
    ):
        certificate = secure.getpeercert() or {}
    ends_at = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return int((ends_at - time.time()) // 86_400)
