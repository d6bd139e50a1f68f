"""The keys that open an environment, and those that do so no more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from vexil.controlplane.db.models import DeletedServerKey, Environment, ServerKey
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire.keys import digest

_DELETED_KEYS_MAX = 100
"""Who sends one deleted longer ago is told that the key is unknown."""

KEYS = (
    Prefetch("server_keys", ServerKey.objects.order_by("pk")),
    Prefetch("deleted_server_keys", DeletedServerKey.objects.order_by("-pk")[:_DELETED_KEYS_MAX], "last_deleted"),
)
"""What environments must have prefetched: two statements, whatever their number."""


def present_keys(environment: Environment, now: datetime) -> tuple[EnvironmentKey, ...]:
    """Those that open it first, then those that do so no more."""
    rows = environment.server_keys.all()
    opening = [EnvironmentKey(key.key, key.expires_at) for key in rows if key.is_usable(now)]
    ended = [_ended(key) for key in rows if not key.is_usable(now)]
    return (EnvironmentKey(environment.api_key), *opening, *ended, *_deleted_keys(environment))


def ended_keys(environment: Environment) -> tuple[EnvironmentKey, ...]:
    """All keys of a deleted environment, by digest."""
    keys = (environment.api_key, *(row.key for row in environment.server_keys.all()))
    ended = (EnvironmentKey(digest(key), ended="deleted_environment") for key in keys)
    return (*ended, *_deleted_keys(environment))


def _ended(key: ServerKey) -> EnvironmentKey:
    return EnvironmentKey(digest(key.key), ended="expired_server_key" if key.active else "inactive_server_key")


def _deleted_keys(environment: Any) -> Iterable[EnvironmentKey]:
    return (EnvironmentKey(row.digest, ended="deleted_server_key") for row in environment.last_deleted)
