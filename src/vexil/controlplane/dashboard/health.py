"""The health of the installation, for its operators: superusers. Processes tell of themselves in the store."""

import platform
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone

from vexil import __version__
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import actor_of
from vexil.controlplane.queries import health, readiness
from vexil.wire.errors import SECTIONS

_LATE = timedelta(seconds=60)
"""The task runner looks every few seconds, so what is due for longer waits for one."""
_FAULTS = {entry.code for entry in SECTIONS["The server cannot answer"]}
"""Codes that tell of the server; the others tell of what clients sent."""
_PRODUCTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def shown(request: HttpRequest) -> HttpResponse:
    by = actor_of(request)
    if by.user is None or not by.user.is_superuser:
        raise Http404("health")
    now = timezone.now()
    found, count = health.served()
    workers, told = health.workers(now)
    values = {
        "version": __version__,
        "python": platform.python_version(),
        "database": _database(),
        "is_migrated": _is_migrated(),
        "runner": _runner(now),
        "deliveries": health.deliveries(now),
        "workers": workers,
        "silent": sum(worker.is_silent for worker in workers),
        "streams": sum(worker.report.streams for worker in workers if not worker.is_silent),
        "told": told,
        "faults": sum(each.times for each in told if each.code in _FAULTS),
        "environments": found,
        "count": count,
        "behind": sum(row.is_behind for row in found),
        "now": now,
    }
    return rendering.page(request, "health/health.html", None, values)


def _database() -> str:
    """One statement at most: the version of SQLite is that of its library."""
    connection.ensure_connection()
    numbers = connection.get_database_version()
    return f"{_PRODUCTS.get(connection.vendor, connection.vendor)} {'.'.join(str(number) for number in numbers)}"


def _is_migrated() -> bool:
    try:
        readiness.check_migrations()
    except readiness.MigrationsPending:
        return False
    return True


def _runner(now: datetime) -> dict[str, Any]:
    due = health.next_job_at()
    return {"has_run": due is not None, "due": due, "is_late": due is not None and now - due > _LATE}


urlpatterns: list[URLPattern] = [page("health-page", shown, "health")]
