"""Clients hear of every change at once, with the time that the headers show."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from tests.dataplane.client import Client, Stream
from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Snapshot

PATH = f"/sse/environments/{CLIENT_KEY}/stream"
START = datetime(2024, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)


def shop(version: int = 1, *, updated: int | None = None, **parts: object) -> Snapshot:
    """At each version the environment is a bit more than a second younger."""
    moment = START + timedelta(seconds=updated or version, microseconds=updated or version)
    environment = {"updated_at": moment.isoformat()} | parts.pop("environment", {})  # type: ignore[operator]
    return snapshot(
        version=version, environment=environment, features=[feature(7, "a")], defaults=[state(11, 7)], **parts
    )


def fields(piece: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in piece.decode().strip().split("\n"))


async def pieces(stream: Stream, number: int) -> list[bytes]:
    assert stream.transport
    return await stream.transport.received(number)


async def closed(client: Client, *opened: "tuple[asyncio.Task[None], Stream]") -> None:
    for task, stream in opened:
        stream.leave()
        await asyncio.wait_for(task, 5)


def test_a_client_is_told_the_present_time_at_once(serve: Serve) -> None:
    client = serve(shop())

    async def story() -> tuple[Stream, bytes]:
        task, stream = await client.open_stream(PATH)
        first = (await pieces(stream, 1))[0]
        await closed(client, (task, stream))
        return stream, first

    stream, first = client.run(story())
    header = client.get("/api/v1/flags/", CLIENT_KEY).headers["x-flagsmith-document-updated-at"]
    told = fields(first)

    assert stream.answer
    assert (stream.answer.status, stream.answer.headers["content-type"]) == (200, "text/event-stream")
    assert stream.answer.headers["cache-control"] == "no-cache"
    assert stream.answer.headers["access-control-allow-origin"] == "*"
    assert 5_000 <= int(told.pop("retry")) <= 15_000
    assert told == {"id": "1", "event": "environment_updated", "data": f'{{"updated_at": {header}}}'}
    assert first.endswith(b"\n\n")


def test_each_change_is_one_event_with_the_time_of_the_header(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    async def story() -> list[bytes]:
        opened = await client.open_stream(PATH)
        for version in (2, 3):
            await pieces(opened[1], version - 1)
            publish(stores, shop(version))
        got = list(await pieces(opened[1], 3))
        await closed(client, opened)
        return got

    got = client.run(story())
    header = client.get("/api/v1/flags/", CLIENT_KEY).headers["x-flagsmith-document-updated-at"]

    assert [fields(piece)["id"] for piece in got] == ["1", "2", "3"]
    assert fields(got[2])["data"] == f'{{"updated_at": {header}}}'
    assert json.loads(fields(got[2])["data"])["updated_at"] == float(header)


def test_a_new_version_of_the_same_time_is_no_event(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    async def story() -> list[bytes]:
        opened = await client.open_stream(PATH)
        await pieces(opened[1], 1)
        publish(stores, shop(2, updated=1))
        await asyncio.sleep(0.2)
        publish(stores, shop(3))
        got = list(await pieces(opened[1], 2))
        await closed(client, opened)
        return got

    assert [fields(piece)["id"] for piece in client.run(story())] == ["1", "3"]


def test_a_client_that_comes_back_hears_only_what_it_missed(serve: Serve) -> None:
    client = serve(shop(5))

    async def first_piece(last_event_id: str, query: str = "") -> bytes:
        opened = await client.open_stream(f"{PATH}?{query}", last_event_id=last_event_id)
        piece = (await pieces(opened[1], 1))[0]
        await closed(client, opened)
        return piece

    assert fields(client.run(first_piece("4")))["id"] == "5"
    assert list(fields(client.run(first_piece("5")))) == ["retry"]
    assert fields(client.run(first_piece("nonsense")))["id"] == "5"
    assert fields(client.run(first_piece("6")))["id"] == "5"
    assert fields(client.run(first_piece("", "lastEventId=4")))["id"] == "5"
    assert list(fields(client.run(first_piece("", "lastEventId=5")))) == ["retry"]


def test_a_client_that_missed_nothing_hears_the_next_change(serve: Serve, stores: Stores) -> None:
    client = serve(shop(5))

    async def story() -> bytes:
        opened = await client.open_stream(PATH, last_event_id="5")
        await pieces(opened[1], 1)
        publish(stores, shop(6))
        piece = (await pieces(opened[1], 2))[1]
        await closed(client, opened)
        return piece

    assert fields(client.run(story()))["id"] == "6"


def test_all_clients_of_an_environment_are_told(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    async def story() -> list[bytes]:
        opened = [await client.open_stream(PATH) for _ in range(200)]
        publish(stores, shop(2))
        got = [(await pieces(stream, 2))[1] for _, stream in opened]
        await closed(client, *opened)
        return got

    got = client.run(story())

    assert len(got) == 200
    assert len(set(got)) == 1


def test_a_client_that_stops_reading_gets_the_newest_event_and_holds_nobody_up(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    async def story() -> tuple[list[bytes], list[bytes]]:
        slow, quick = await client.open_stream(PATH), await client.open_stream(PATH)
        await pieces(slow[1], 1)
        assert slow[1].transport
        reads = asyncio.Event()
        send = slow[1].transport.send_bytes

        async def send_slowly(data: bytes) -> None:
            await reads.wait()
            await send(data)

        slow[1].transport.send_bytes = send_slowly  # type: ignore[method-assign]
        for version in range(2, 6):
            publish(stores, shop(version))
            await pieces(quick[1], version)
        reads.set()
        got = list(await pieces(slow[1], 3)), list(await pieces(quick[1], 5))
        await closed(client, slow, quick)
        return got

    slow, quick = client.run(story())

    assert [fields(piece)["id"] for piece in quick] == ["1", "2", "3", "4", "5"]
    assert [fields(piece)["id"] for piece in slow] == ["1", "2", "5"]


def test_a_client_that_leaves_frees_its_place(serve: Serve) -> None:
    client = serve(shop(), streams_max=1)

    async def story() -> list[int]:
        first = await client.open_stream(PATH)
        _, refused = await client.open_stream(PATH)
        await closed(client, first)
        third = await client.open_stream(PATH)
        await closed(client, third)
        return [stream.answer.status for stream in (first[1], refused, third[1]) if stream.answer]

    assert client.run(story()) == [200, 503, 200]


def test_too_many_streams_are_asked_to_come_back_at_different_times(serve: Serve) -> None:
    client = serve(shop(), streams_max=0)

    answers = [client.get(PATH) for _ in range(20)]

    assert {answer.status for answer in answers} == {503}
    assert answers[0].json() == {"detail": "Too many event streams at the moment."}
    waits = {int(answer.headers["retry-after"]) for answer in answers}
    assert len(waits) > 1
    assert waits <= set(range(5, 31))


def test_new_streams_beyond_the_pace_wait_their_turn_or_are_refused(serve: Serve) -> None:
    client = serve(shop(), streams_per_second=1)

    async def story() -> list[int]:
        opening = [asyncio.ensure_future(client.open_stream(PATH)) for _ in range(13)]
        await asyncio.sleep(0.5)
        settled = [await task for task in opening if task.done()]
        await asyncio.sleep(1)
        later = sum(task.done() for task in opening)
        for task in opening:
            task.cancel()
        statuses = [stream.answer.status for _, stream in settled if stream.answer]
        return [*statuses, later]

    assert client.run(story()) == [200, 503, 503, 4]


def test_an_unknown_key_has_no_stream(serve: Serve) -> None:
    client = serve(shop())

    answer = client.get("/sse/environments/nosuchkey/stream")

    assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert list(answer.json()) == ["detail"]


def test_a_server_key_is_not_taken_in_an_address(serve: Serve) -> None:
    client = serve(shop())

    assert client.get(f"/sse/environments/{SERVER_KEY}/stream").status == 404


def test_only_reading_is_offered(serve: Serve) -> None:
    client = serve(shop())

    refused = client.post(PATH, {})

    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert client.request("HEAD", PATH).status == 200


def test_an_organisation_that_is_not_served_has_no_streams(serve: Serve) -> None:
    client = serve(shop(organisation={"stop_serving_flags": True}))

    assert client.get(PATH).status == 403


def test_streams_end_with_their_environment(serve: Serve, stores: Stores) -> None:
    client = serve(shop())

    async def story() -> None:
        task, _ = await client.open_stream(PATH)
        stores.snapshots.forget(3, 2)
        await asyncio.wait_for(task, 5)

    client.run(story())

    assert client.get(PATH).status == 404


def test_streams_end_when_the_server_stops(serve: Serve) -> None:
    client = serve(shop())

    async def story() -> None:
        task, _ = await client.open_stream(PATH)
        client.data_plane.end_streams()
        await asyncio.wait_for(task, 5)

    client.run(story())

    assert client.get(PATH).status == 503
