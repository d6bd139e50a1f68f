"""Pointing Django and the stores at one database or another within a test run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, transaction

from vexil import config
from vexil.controlplane.db import stores
from vexil.controlplane.site import databases as site_databases


class Place(NamedTuple):
    """Where a database of the control plane is, and the stores beside it."""

    url: str | None
    """Of PostgreSQL; None for SQLite in the folder."""
    data_dir: Path


_migrated = set[Place]()


@contextmanager
def used(place: Place) -> Iterator[None]:
    """Work there until the end of the block. Tables are made at the first time, which takes seconds."""
    _point_to(place)
    if place not in _migrated:
        call_command("migrate", verbosity=0)
        stores.current().migrate()
        empty()  # of what migrations put in
        _migrated.add(place)
    try:
        yield
    finally:
        connections.close_all()
        stores.current().close()


def empty() -> None:
    """Delete all rows. Numbers go on counting, so nothing left in the stores can be taken for something new."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")


def _point_to(place: Place) -> None:
    os.environ["VEXIL_DATA_DIR"] = str(place.data_dir)
    os.environ.pop("DATABASE_URL", None)
    if place.url:
        os.environ["DATABASE_URL"] = place.url
    connections.close_all()
    connections.settings["default"] = connections.configure_settings(
        {"default": site_databases.settings(config.load())}
    )["default"]
    del connections["default"]
    stores.current.cache_clear()
