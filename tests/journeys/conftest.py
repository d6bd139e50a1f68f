"""A running server on each database, shared by the journeys that do not stop it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys import shop as shops
from tests.journeys.admin import Admin
from tests.journeys.running import Server, new_migrated_database
from tests.journeys.shop import Shop

DATABASES = ["sqlite", "postgres"]


def _url(database: str, request: pytest.FixtureRequest) -> str | None:
    return None if database == "sqlite" else new_migrated_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session", params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"), database_url=_url(request.param, request))
    try:
        yield running.start()
        assert running.stop() == 0
    finally:
        running.kill()


@pytest.fixture
def admin(server: Server) -> Admin:
    """A new person with a project of their own."""
    person = Admin(server.api_url)
    person.create_project()
    return person


@pytest.fixture(scope="session")
def shop(server: Server) -> Shop:
    return shops.build(Admin(server.api_url))


@pytest.fixture(params=DATABASES)
def new_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Make servers on a database of the test's own: start, stop and kill them at will."""
    url, made = _url(request.param, request), list[Server]()

    def make(*, workers: int = 1, **settings: str) -> Server:
        made.append(Server(tmp_path, database_url=url, workers=workers, **settings))
        return made[-1]

    yield make
    for server in made:
        server.kill()
