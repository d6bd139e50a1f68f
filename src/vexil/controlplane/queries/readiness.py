"""Whether this process can work: the database answers, and its tables are those of this version."""

from django.db import close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor


class MigrationsPending(Exception):
    """`vexil migrate` has not been run since the last upgrade."""


def check_database() -> None:
    """One statement; raise Django's database error when it fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        close_old_connections()


def check_migrations() -> None:
    """Two statements; raise `MigrationsPending`."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise MigrationsPending
    finally:
        close_old_connections()
