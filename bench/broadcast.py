"""A change on its way to many event streams, and the memory of a stream that waits."""

import asyncio
import statistics
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import httpx
import uvloop

from bench import footprint, seeding, tools
from bench.sections import Section, table
from bench.seeding import Project
from tests.journeys.connections import descendants
from tests.journeys.running import Server

SETTINGS = {"VEXIL_STREAMS_MAX": "12000", "VEXIL_STREAMS_PER_SECOND": "2000"}
OPEN_AT_ONCE = 100
SECONDS_MAX = 60


@dataclass(frozen=True)
class Broadcast:
    clients: int
    changes: int
    p50_ms: float
    p99_ms: float
    stream_kilobytes: float


def measure(folder: Path, *, sizes: tuple[int, ...], changes: int) -> Section:
    done = []
    for clients in sizes:
        server = Server(folder / str(clients), **SETTINGS)
        try:
            server.start()
            project = seeding.seed_small(server.api_url)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                done.append(runner.run(_broadcast(server, project, clients, changes)))
        finally:
            server.kill()
    heads = ["Connected clients", "Changes", "p50 ms", "p99 ms", "Memory of an idle stream"]
    rows = [
        (f"{b.clients:,}", b.changes, f"{b.p50_ms:.1f}", f"{b.p99_ms:.1f}", f"{b.stream_kilobytes:.1f} kB")
        for b in done
    ]
    text = (
        "From the request for a toggle until a client has the event, the request itself included; one worker, "
        "all clients in one process.\n\n"
    )
    return Section("Changes on event streams", text + table(heads, rows), [asdict(b) for b in done])


@dataclass
class _Client(asyncio.Protocol):
    """Keeps the time of the last event."""

    head: bytes
    is_open: "asyncio.Future[None]"
    seen: list[float] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self.head)

    def data_received(self, chunk: bytes) -> None:
        events = chunk.count(b"environment_updated")
        if not events:
            return
        if self.is_open.done():
            self.seen.append(time.perf_counter())
        else:
            self.is_open.set_result(None)


async def _broadcast(server: Server, project: Project, number: int, changes: int) -> Broadcast:
    worker = descendants(server.pid)[0]
    before = footprint.megabytes_of(worker)
    clients = await _connected(server, project, number)
    await asyncio.sleep(1)
    kilobytes = (footprint.megabytes_of(worker) - before) * 1024 / number
    taken: list[float] = []
    async with httpx.AsyncClient(headers={"Authorization": project.token}, timeout=30) as admin:
        path = f"{server.api_url}environments/{project.client_key}/featurestates/{project.toggled_state}/"
        for turn in range(changes):
            asked = time.perf_counter()
            (await admin.patch(path, json={"enabled": turn % 2 == 0})).raise_for_status()
            await _all_have_seen(clients, turn + 1)
            taken += [client.seen[-1] - asked for client in clients]
    return Broadcast(number, changes, statistics.median(taken) * 1000, tools.percentile(taken, 99) * 1000, kilobytes)


def _itself(client: _Client) -> _Client:
    return client


async def _connected(server: Server, project: Project, number: int) -> list[_Client]:
    loop = asyncio.get_running_loop()
    head = f"GET /sse/environments/{project.client_key}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    clients: list[_Client] = []
    for start in range(0, number, OPEN_AT_ONCE):
        some = [_Client(head, loop.create_future()) for _ in range(min(OPEN_AT_ONCE, number - start))]
        for client in some:
            await loop.create_connection(partial(_itself, client), "127.0.0.1", server.port)
        await asyncio.wait_for(asyncio.gather(*(client.is_open for client in some)), SECONDS_MAX)
        clients += some
    return clients


async def _all_have_seen(clients: list[_Client], events: int) -> None:
    give_up_at = time.monotonic() + SECONDS_MAX
    while any(len(client.seen) < events for client in clients):
        if time.monotonic() > give_up_at:
            raise TimeoutError("Some clients did not hear of the change.")
        await asyncio.sleep(0.02)
