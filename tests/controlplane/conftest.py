"""The control plane's tests run twice: on SQLite and on PostgreSQL, each test on empty tables."""

import os
import tempfile
from collections.abc import Iterator

import django
import pytest
from django.test import override_settings

from tests.databases import PostgresCluster
from tests.journeys.running import UNTHROTTLED

os.environ["DJANGO_SETTINGS_MODULE"] = "vexil.controlplane.site.settings"
os.environ["VEXIL_DATA_DIR"] = tempfile.mkdtemp(prefix="vexil-controlplane-")
os.environ.update(UNTHROTTLED)
django.setup()

from tests.controlplane import databases  # noqa: E402 -- models load only after setup
from tests.controlplane.client import AdminClient  # noqa: E402
from tests.controlplane.databases import Place  # noqa: E402
from vexil.controlplane.integrations import identity_providers  # noqa: E402


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(None, tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql(postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(postgres.new_database(), tmp_path_factory.mktemp("postgresql"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database and its stores. Each file of tests takes both in turn, as the file before it left them."""
    quick_hasher = override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
    with databases.used(request.getfixturevalue(request.param)), quick_hasher:
        yield request.param


@pytest.fixture(autouse=True)
def empty_tables(database: str) -> Iterator[None]:
    yield
    databases.empty()


@pytest.fixture(autouse=True)
def no_identity_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests ask nobody outside; those about signing in with a provider put one of their own here."""
    for constant in ("GOOGLE_USER", "GITHUB_EXCHANGE", "GITHUB_USER", "GITHUB_ADDRESSES"):
        monkeypatch.setattr(identity_providers, constant, "http://127.0.0.1:9/")


@pytest.fixture
def client() -> AdminClient:
    """Sends requests without credentials; `client.as_user(user)` and `client.with_key(text)` send them with."""
    return AdminClient()
