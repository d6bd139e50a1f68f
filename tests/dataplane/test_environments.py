"""How a data plane follows the snapshots of its store."""

import asyncio
import gc
import time
import weakref
from collections.abc import Callable

from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, identity, override, segment, snapshot, state
from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.environments import Access, Environments
from vexil.stores.opening import Stores
from vexil.stores.snapshots import EnvironmentKey

PATH = "/api/v1/flags/"
_GIVE_UP_SECONDS = 10


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within a time that only a broken server needs."""
    end = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_change_is_seen_by_every_data_plane(serve: Serve, stores: Stores) -> None:
    parts = {"features": [feature(7, "a")]}
    clients = [serve(snapshot(defaults=[state(11, 7, "old")], **parts)), serve()]

    publish(stores, snapshot(version=2, defaults=[state(11, 7, "new")], **parts))

    for client in clients:
        assert eventually(lambda client=client: b'"new"' in client.get(PATH, CLIENT_KEY).body)  # type: ignore[misc]


def test_an_older_snapshot_does_not_replace_a_newer_one(serve: Serve, stores: Stores) -> None:
    parts = {"features": [feature(7, "a")]}
    client = serve(snapshot(version=5, defaults=[state(11, 7, "new")], **parts))

    publish(stores, snapshot(version=4, defaults=[state(11, 7, "old")], **parts))
    publish(stores, snapshot(version=1, environment={"id": 4}, **parts), EnvironmentKey("another"))

    assert eventually(lambda: client.get(PATH, "another").status == 200)
    assert b'"new"' in client.get(PATH, CLIENT_KEY).body


def test_a_key_whose_environment_is_about_to_open_is_waited_for(stores: Stores) -> None:
    publish(stores, snapshot())
    environments = Environments(stores, lambda *_: None)
    environments.refresh()

    async def load() -> Access | None:
        with environments._refreshing:  # As the thread that compiles holds it until the keys open.
            environments._read(3)
            loading = asyncio.create_task(environments.load(CLIENT_KEY))
            await asyncio.sleep(0.01)
            assert not loading.done()
            environments._open(environments._heads[3], None)
        return await loading

    access = asyncio.run(load())
    environments._wakeup.close()

    assert access is not None
    assert access.environment.id == 3


def test_a_withdrawn_key_opens_nothing_any_more(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())
    assert client.get(PATH, SERVER_KEY).status == 200

    publish(stores, snapshot(version=2), EnvironmentKey(CLIENT_KEY))

    assert eventually(lambda: client.get(PATH, SERVER_KEY).status == 401)
    assert client.get(PATH, CLIENT_KEY).status == 200


def test_a_deleted_environment_is_gone(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    stores.snapshots.forget(3, 2)

    assert eventually(lambda: client.get(PATH, CLIENT_KEY).status == 401)


def test_a_new_environment_is_served_without_a_restart(serve: Serve, stores: Stores) -> None:
    client = serve()
    assert client.get(PATH, CLIENT_KEY).status == 401

    publish(stores, snapshot())

    assert eventually(lambda: client.get(PATH, CLIENT_KEY).status == 200)


def test_a_snapshot_that_cannot_be_read_harms_no_other_environment(serve: Serve, stores: Stores) -> None:
    client = serve(snapshot())

    stores.snapshots.put(9, 1, (EnvironmentKey("broken"),), b"no snapshot")
    publish(stores, snapshot(version=2, features=[feature(7, "a")], defaults=[state(11, 7, "new")]))

    assert eventually(lambda: b'"new"' in client.get(PATH, CLIENT_KEY).body)
    assert client.get(PATH, "broken").status == 401


def test_an_environment_goes_without_the_garbage_collector() -> None:
    source = snapshot(
        features=[feature(1, "banner")],
        defaults=[state(1, 1, "hello")],
        segments=[segment(1, override(2, 1, "hi", link=1, priority=0))],
        identity_overrides=[identity(1, "kim", state(3, 1, "own"))],
    )
    gc.disable()
    try:
        environment = CompiledEnvironment(source, print)
        parts = [
            weakref.ref(part) for part in (environment, environment.for_servers, environment.for_servers.decisions)
        ]

        del environment

        assert [part() for part in parts] == [None, None, None]
    finally:
        gc.enable()
