"""How many statements a request costs: none for what is the same for all, whatever the cache settings say."""

from collections.abc import Callable

import pytest

from tests.dataplane.client import Client
from tests.dataplane.conftest import Serve
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil.config import Config
from vexil.stores.opening import Stores
from vexil.stores.sqlite.identities import SqliteIdentities

Ask = Callable[[Client], object]

CACHES = {
    "CACHE_FLAGS_SECONDS": "60",
    "CACHE_ENVIRONMENT_DOCUMENT_SECONDS": "60",
    "CACHE_ENVIRONMENT_DOCUMENT_MODE": "PERSISTENT",
    "GET_FLAGS_ENDPOINT_CACHE_SECONDS": "60",
    "GET_IDENTITIES_ENDPOINT_CACHE_SECONDS": "60",
}


@pytest.fixture
def statements(stores: Stores) -> list[str]:
    """What the thread that answers requests asks of SQLite from now on."""
    if not isinstance(stores.identities, SqliteIdentities):
        pytest.skip(
            "PostgreSQL does not tell what was asked of it; tests/journeys/test_database_outage.py does without it"
        )
    seen: list[str] = []
    stores.identities._connections.get().set_trace_callback(seen.append)
    return seen


@pytest.mark.parametrize("settings", [{}, CACHES])
@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/api/v1/flags/", CLIENT_KEY),
        lambda client: client.get("/api/v1/flags/", SERVER_KEY),
        lambda client: client.get("/api/v1/flags/?feature=a", CLIENT_KEY),
        lambda client: client.get("/api/v1/environment-document/", SERVER_KEY),
        lambda client: client.get("/api/v1/flags/", "nosuchkey"),
        lambda client: client.post("/api/v1/identities/", {"traits": []}, CLIENT_KEY),
        lambda client: client.post("/ofrep/v1/evaluate/flags", {"context": {"targetingKey": "ann"}}, CLIENT_KEY),
    ],
    ids=["flags", "flags by server key", "one flag", "document", "unknown key", "anonymous", "OFREP"],
)
def test_repeated_requests_ask_the_database_nothing(
    serve: Serve, statements: list[str], settings: dict[str, str], ask: Ask
) -> None:
    Config.from_environ(settings)  # Taken, checked, and without effect on what is served.
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7)]))
    ask(client)
    statements.clear()

    for _ in range(3):
        ask(client)

    assert statements == []


def test_a_stored_identity_costs_one_statement(serve: Serve, statements: list[str]) -> None:
    client = serve(snapshot(features=[feature(7, "a")], defaults=[state(11, 7)]))
    client.get("/api/v1/identities/?identifier=ann", CLIENT_KEY)
    statements.clear()

    client.get("/api/v1/identities/?identifier=ann", CLIENT_KEY)

    assert len(statements) == 1


def test_flags_for_servers_never_show_to_clients_that_ask_after_them(serve: Serve) -> None:
    features = [feature(7, "open"), feature(8, "secret", is_server_key_only=True)]
    client = serve(snapshot(features=features, defaults=[state(11, 7), state(12, 8)]))

    seen = [client.get("/api/v1/flags/", key).body for key in (SERVER_KEY, CLIENT_KEY, SERVER_KEY)]

    assert [b"secret" in body for body in seen] == [True, False, True]
