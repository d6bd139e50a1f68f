"""Finding a stored identity among few and among millions."""

from dataclasses import asdict, dataclass
from pathlib import Path

from bench import stored, tools
from bench.sections import Section, table
from bench.tools import Target
from tests.dataplane.snapshots import CLIENT_KEY
from tests.journeys.running import Server

FEW = 10_000
ASKED = 40_000


@dataclass(frozen=True)
class Lookup:
    identities: int
    processor_us: float
    p99_ms: float


def measure(folder: Path, *, seconds: int, identities: int) -> Section:
    data = folder / "data"
    stored.put(data, stored.sized(10, 0))
    server = Server(folder, role="flags")
    done, known = [], 0
    try:
        server.start()
        for number in (FEW, identities):
            stored.add_identities(data, known + 1, number)
            known = number
            done.append(_lookup(server, folder, number, seconds))
    finally:
        server.kill()
    rows = [(f"{one.identities:,}", f"{one.processor_us:.0f}", f"{one.p99_ms:.1f}") for one in done]
    text = "GET /identities/ with 10 flags on SQLite; identities from all over the table, one after the other.\n\n"
    return Section(
        "Stored identities", text + table(["Identities", "CPU µs", "p99 ms"], rows), [asdict(one) for one in done]
    )


def _lookup(server: Server, folder: Path, identities: int, seconds: int) -> Lookup:
    requests = folder / "requests.txt"
    chosen = range(1, identities + 1, max(1, identities // ASKED))
    requests.write_text("".join(f"GET\t/api/v1/identities/?identifier=user-{n}\n" for n in chosen), encoding="utf-8")
    measured = tools.wrk(Target(server.url, server.pid, CLIENT_KEY), requests, seconds=seconds)
    return Lookup(identities, measured.processor_us, measured.p99_ms)
