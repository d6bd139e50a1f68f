"""Clients that follow the event stream see a change at once, without polling."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import sseclient
from flagsmith import Flagsmith

from tests.journeys import node
from tests.journeys.admin import Admin
from tests.journeys.running import Server
from tests.journeys.shop import Shop

STORM, STREAMS_MAX = 600, 400


@contextmanager
def events(server_url: str, key: str, last_event_id: str = "") -> Iterator[Iterator[sseclient.Event]]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    url = f"{server_url}/sse/environments/{key}/stream"
    with httpx.Client(timeout=20) as client, client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        yield sseclient.SSEClient(answer.iter_bytes()).events()


def changed_at(admin: Admin) -> str:
    answer = admin.client.get("flags/", headers={"X-Environment-Key": admin.client_key})
    return str(answer.headers["x-flagsmith-document-updated-at"])


def test_each_change_is_an_event_with_the_time_of_the_answers(server: Server, admin: Admin) -> None:
    admin.create_feature("banner", "hello")
    state = admin.default_state(admin.get(f"projects/{admin.project['id']}/features/")["results"][0]["id"])

    with events(server.url, admin.client_key) as followed:
        told = [next(followed)]
        for enabled in (True, False):
            admin.change(state, enabled=enabled)
            told.append(next(followed))

    assert {event.event for event in told} == {"environment_updated"}
    assert told[-1].data == f'{{"updated_at": {changed_at(admin)}}}'
    times = [json.loads(event.data)["updated_at"] for event in told]
    assert times == sorted(set(times))


def test_a_stream_ends_with_the_server_and_goes_on_after_its_start(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    admin = Admin(server.api_url)
    admin.create_project()
    admin.create_feature("banner", "hello")
    state = admin.default_state(admin.get(f"projects/{admin.project['id']}/features/")["results"][0]["id"])

    with events(server.url, admin.client_key) as followed:
        before = next(followed)
        began_at = time.monotonic()
        assert server.stop() == 0
        stopped_in = time.monotonic() - began_at
        assert list(followed) == []
    server.start()
    with events(server.url, admin.client_key, before.id) as followed:
        admin.change(state, enabled=True)
        after = next(followed)

    assert stopped_in < 10
    assert int(after.id) > int(before.id)
    assert after.data == f'{{"updated_at": {changed_at(admin)}}}'


def test_a_storm_of_streams_is_let_in_or_asked_to_wait_while_flags_are_served(
    new_server: Callable[..., Server],
) -> None:
    server = new_server(VEXIL_STREAMS_MAX=str(STREAMS_MAX), VEXIL_STREAMS_PER_SECOND="300").start()
    admin = Admin(server.api_url)
    admin.create_project()

    streams, waits, flags = asyncio.run(storm(server, admin.client_key))

    assert streams == {200: STREAMS_MAX, 503: STORM - STREAMS_MAX}
    assert all(5 <= seconds <= 30 for seconds in waits)
    assert len(set(waits)) > 5
    assert (set(flags), flags[200] > 10) == ({200}, True)


async def storm(server: Server, key: str) -> tuple[Counter[int], list[int], Counter[int]]:
    """Open all streams at once, and ask for flags meanwhile: statuses, each `Retry-After`, statuses of flags."""
    streams, flags, waits = Counter[int](), Counter[int](), list[int]()
    is_over = asyncio.Event()

    async def ask(path: str) -> tuple[int, bytes, asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Environment-Key: {key}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), head, reader, writer

    async def follow() -> asyncio.StreamWriter:
        status, head, reader, writer = await ask(f"/sse/environments/{key}/stream")
        streams[status] += 1
        if status == 200:
            await reader.readuntil(b"updated_at")
        else:
            waits.append(int(head.partition(b"Retry-After: ")[2].split(b"\r\n")[0]))
        return writer

    async def keep_asking() -> None:
        while not is_over.is_set():
            status, _, _, writer = await ask("/api/v1/flags/")
            flags[status] += 1
            writer.close()

    asking = asyncio.create_task(keep_asking())
    connections = await asyncio.gather(*(follow() for _ in range(STORM)))
    is_over.set()
    await asking
    for connection in connections:
        connection.close()
    return streams, waits, flags


def test_the_python_client_in_local_evaluation_follows_the_stream(server: Server, shop: Shop) -> None:
    client = Flagsmith(
        environment_key=shop.admin.server_key,
        api_url=server.api_url,
        realtime_api_url=server.url,
        enable_local_evaluation=True,
        enable_realtime_updates=True,
    )
    stream = client.event_stream_thread
    try:
        before = client.get_environment_flags().get_feature_value("banner")
        time.sleep(0.5)  # The client tells nobody when its stream is open.
        shop.set_banner("good day")
        give_up_at = time.monotonic() + 5
        while client.get_environment_flags().get_feature_value("banner") == before and time.monotonic() < give_up_at:
            time.sleep(0.01)
        after = client.get_environment_flags().get_feature_value("banner")
    finally:
        stream.stop()
        shop.set_banner("hello")  # It looks whether it is to stop when an event comes.
        client.session.close()

    assert (before, after) == ("hello", "good day")


def test_the_javascript_client_follows_the_stream(shop: Shop, tmp_path: Path) -> None:
    api_url = str(shop.admin.client.base_url)

    with node.client("flagsmith-realtime.mjs", tmp_path, api_url=api_url, key=shop.admin.client_key) as client:
        before = client.answer()
        time.sleep(0.5)  # The client tells nobody when its stream is open.
        shop.set_banner("good day")
        after = client.answer()

    shop.set_banner("hello")
    assert (before, after) == ("hello", "good day")


def test_the_node_client_in_local_evaluation_follows_the_stream(shop: Shop, tmp_path: Path) -> None:
    keys = {"key": shop.admin.server_key, "client_key": shop.admin.client_key}
    api_url = str(shop.admin.client.base_url)

    with node.client("flagsmith-nodejs-streaming.mjs", tmp_path, api_url=api_url, **keys) as client:
        before = client.answer()
        time.sleep(0.5)  # Nobody is told when the stream is open.
        shop.set_banner("good day")
        after = client.answer()

    shop.set_banner("hello")
    assert (before, after) == ("hello", "good day")
