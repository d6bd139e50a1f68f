"""The database of the control plane's rows: SQLite in the data folder, or PostgreSQL."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from vexil.config import Config

SQLITE_FILE = "vexil.sqlite3"


def settings(config: Config) -> dict[str, Any]:
    """An entry of Django's `DATABASES`."""
    return _postgresql(config, config.database_url) if config.database_url else _sqlite(config)


def _sqlite(config: Config) -> dict[str, Any]:
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": config.data_dir / SQLITE_FILE,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Writers queue up at the start of their transaction and so never fail half-way with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000;",
        },
    }


def _postgresql(config: Config, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": max(config.database_connection_seconds, 0),
        "CONN_HEALTH_CHECKS": config.database_connection_checks,
        "OPTIONS": {"connect_timeout": 3, **query},
    }
