"""The installation on this machine: settings, folder and disk, database, migrations, task runner, mail."""

import os
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from vexil.config import LOOPBACK_HOSTS, Config
from vexil.doctor.findings import Blocked, Finding, bad, good, note
from vexil.stores.opening import SQLITE_FILE, open_stores
from vexil.stores.unavailable import Unavailable
from vexil.tracing import NotInstalled, tracing

_FREE_BYTES_MIN = 500_000_000
_WAITING_MAX = 100
_MAIL_SECONDS = 5.0
_COLLECTOR_SECONDS = 5.0


def findings(config: Config) -> Iterator[Finding]:
    yield from _settings(config)
    yield _folder(config)
    yield _disk(config)
    yield _stores(config)
    yield from _monitoring(config)
    yield from _control_plane(config)


def settings_invalid(error: Exception) -> Finding:
    return bad("Settings", "settings_invalid", problem=str(error))


def _settings(config: Config) -> Iterator[Finding]:
    yield good("Settings", "each can be read")
    if config.debug:
        yield note("Settings", "DEBUG is on: strangers see debug pages")
    if config.allowed_hosts == LOOPBACK_HOSTS:
        yield note("Settings", "DJANGO_ALLOWED_HOSTS is not set: only this machine is answered")
    if not config.allowed_hosts:
        yield bad("Settings", "settings_invalid", problem="DJANGO_ALLOWED_HOSTS is empty, so every host is refused")
    if config.database_url and not config.secret_key:
        yield note("Settings", "DJANGO_SECRET_KEY is not set: nodes that share this database would have different ones")


def _folder(config: Config) -> Finding:
    folder = config.data_dir.resolve()
    if not folder.is_dir() or not (config.database_url or (folder / SQLITE_FILE).exists()):
        raise Blocked(bad("Folder", "not_installed", folder=folder))
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Blocked(bad("Folder", "folder_not_writable", folder=folder))
    return good("Folder", f"{folder} can be written")


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(config.data_dir).free
    if free < _FREE_BYTES_MIN:
        return bad("Disk", "disk_full", megabytes=free // 1_000_000)
    return good("Disk", f"{free // 1_000_000_000} GB are free")


def _stores(config: Config) -> Finding:
    kind = "PostgreSQL" if config.database_url else "SQLite"
    stores = open_stores(config.database_url, config.data_dir, config.throttles_url)
    try:
        stores.ping()
    except Unavailable:
        raise Blocked(bad("Database", "database_unavailable")) from None
    finally:
        stores.close()
    return good("Database", f"{kind} answers")


def _monitoring(config: Config) -> Iterator[Finding]:
    if config.metrics:
        port = f", and on port {config.metrics_port}" if config.metrics_port else ""
        yield good("Metrics", f"are on: at /metrics/{port}")
    if not config.otlp_endpoint:
        return
    try:
        tracing.check(config)
        address = urlsplit(config.otlp_endpoint)
        place = (address.hostname or "", address.port or (443 if address.scheme == "https" else 80))
        socket.create_connection(place, _COLLECTOR_SECONDS).close()
    except NotInstalled as error:
        yield bad("Traces", "settings_invalid", problem=str(error))
    except (OSError, ValueError):
        yield bad("Traces", "collector_unreachable", address=config.otlp_endpoint)
    else:
        yield good("Traces", f"{config.otlp_endpoint} answers")


def _control_plane(config: Config) -> Iterator[Finding]:
    import django  # noqa: PLC0415 -- slow import

    django.setup()
    from vexil.controlplane.queries import readiness, waiting_work  # noqa: PLC0415 -- slow import

    try:
        readiness.check_migrations()
    except readiness.MigrationsPending:
        raise Blocked(bad("Migrations", "migrations_pending")) from None
    yield good("Migrations", "all are applied")
    waiting = waiting_work.count(now=datetime.now(UTC))
    yield (
        good("Worker", f"{waiting} tasks wait")
        if waiting <= _WAITING_MAX
        else bad("Worker", "worker_behind", waiting=waiting)
    )
    yield _mail(config)


def _mail(config: Config) -> Finding:
    from vexil.controlplane.site import mail_servers  # noqa: PLC0415 -- slow import

    server = mail_servers.of(config)
    if not server.backend.endswith("smtp.EmailBackend"):
        return note("Mail", "is not sent by a mail server: EMAIL_HOST is not set")
    try:
        socket.create_connection((server.host, server.port), _MAIL_SECONDS).close()
    except OSError:
        return bad("Mail", "mail_unreachable", server=f"{server.host}:{server.port}")
    return good("Mail", f"{server.host}:{server.port} answers")
