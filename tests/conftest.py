"""Fixtures that several folders share: real databases, started once per run."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.databases import (
    POSTGRES_ABSENT,
    REDIS_ABSENT,
    PostgresCluster,
    RedisServer,
    postgres_binaries,
    redis_binary,
)
from vexil.stores.opening import Stores, open_stores

# A busy machine must not fail a test: none of them is about time.
hypothesis.settings.register_profile("vexil", deadline=None)
hypothesis.settings.load_profile("vexil")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A running cluster; `new_database()` gives the URL of an empty database."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip(POSTGRES_ABSENT)
    cluster = PostgresCluster(binaries)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    binary = redis_binary()
    if binary is None:
        pytest.skip(REDIS_ABSENT)
    server = RedisServer(binary)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """A fresh database: None for SQLite in `tmp_path`, a URL for PostgreSQL."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()


@pytest.fixture
def stores(database_url: str | None, tmp_path: Path) -> Iterator[Stores]:
    """Migrated stores, once on each database."""
    opened = open_stores(database_url, tmp_path)
    opened.migrate()
    yield opened
    opened.close()
