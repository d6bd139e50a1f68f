from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dataplane.client import Client
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY
from vexil.config import Config
from vexil.dataplane.app import DataPlane
from vexil.dataplane.health import Installation
from vexil.stores.opening import Stores
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire.snapshot import Snapshot, encode

Serve = Callable[..., Client]


def publish(stores: Stores, snapshot: Snapshot, *keys: EnvironmentKey) -> None:
    """Keep a snapshot under the usual client and server key, or under those given."""
    opened_by = keys or (EnvironmentKey(CLIENT_KEY), EnvironmentKey(SERVER_KEY))
    stores.snapshots.put(snapshot.environment.id, snapshot.version, opened_by, encode(snapshot))


@pytest.fixture
def serve(stores: Stores, database_url: str | None, tmp_path: Path) -> Iterator[Serve]:
    """Starts a data plane on the stores, with a first snapshot if one is given; settings by name."""
    clients: list[Client] = []

    def start(snapshot: Snapshot | None = None, **settings: object) -> Client:
        if snapshot is not None:
            publish(stores, snapshot)
        config = replace(Config(data_dir=tmp_path, database_url=database_url), **settings)  # type: ignore[arg-type]
        data_plane = DataPlane(config, stores, Installation({"DatabaseBackend": stores.ping}))
        clients.append(Client(data_plane))
        return clients[-1]

    yield start
    for client in clients:
        client.close()
