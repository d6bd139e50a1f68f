"""Measure Vexil and print the outcome: `make bench`, or `python -m bench.run --quick` to see that it runs."""

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import (
    administration,
    broadcast,
    dashboard,
    endpoints,
    footprint,
    growth,
    large,
    lookups,
    report,
    seeding,
    tools,
    travel,
)
from bench.sections import Section
from bench.travel import Travel
from tests.databases import PostgresCluster, postgres_binaries
from tests.journeys.running import Server

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Effort:
    rounds: int
    seconds: int
    toggles: int
    workers: tuple[int, ...]
    starts: int
    settle_seconds: float
    identities: int
    streams: tuple[int, ...]
    changes: int
    features: int
    environments: int
    segments: int
    people: int
    """Identities of the project whose pages are asked for."""
    repeats: int


FULL = Effort(
    rounds=5, seconds=2, toggles=100, workers=(1, 4), starts=3, settle_seconds=5, identities=10_000_000,
    streams=(1_000, 10_000), changes=20, features=1_000, environments=20,
    segments=500, people=100_000, repeats=9,
)  # fmt: skip
QUICK = Effort(
    rounds=1, seconds=1, toggles=4, workers=(1,), starts=1, settle_seconds=0.2, identities=20_000,
    streams=(50,), changes=2, features=5, environments=2, segments=5, people=50, repeats=1,
)  # fmt: skip

Part = Callable[[Effort, Path], dict[str, Section]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure, of {', '.join(PARTS)}; else all")
    parser.add_argument("--quick", action="store_true", help="one short round each: shows that it runs, not how fast")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write latest.md and latest.json")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(unknown)}")
    try:
        tools.require("wrk", "nginx")
    except tools.ToolMissing as error:
        print(error, file=sys.stderr)
        return 1
    busy = os.getloadavg()[0]
    date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    when, text = f"{date}, load average {busy:.1f} before it", ""
    with tempfile.TemporaryDirectory(prefix="vexil bench ") as folder:
        for name in options.parts or PARTS:
            print(f"{name} …", file=sys.stderr, flush=True)
            done = PARTS[name](QUICK if options.quick else FULL, Path(folder) / name)
            text = report.write(done, options.results, when=when, order=ORDER)
    print(text)
    return 0


def _endpoints(effort: Effort, folder: Path) -> dict[str, Section]:
    with serving(folder) as server:
        project = seeding.seed(server.api_url)
        ready_seconds = footprint.ready_seconds(server, starts=effort.starts)
        time.sleep(effort.settle_seconds)
        idle_megabytes = footprint.megabytes(server)
        measured = []
        for endpoint in endpoints.all_endpoints(project):
            print(f"  {endpoint.name}", file=sys.stderr, flush=True)
            measured.append(endpoints.measure(endpoint, server, folder, rounds=effort.rounds, seconds=effort.seconds))
        loaded_megabytes = footprint.megabytes(server)
    sizes = report.footprint(
        idle_megabytes=idle_megabytes, loaded_megabytes=loaded_megabytes, ready_seconds=ready_seconds
    )
    return {"endpoints": report.endpoints(measured), "footprint": sizes}


def _growth(effort: Effort, folder: Path) -> dict[str, Section]:
    return {"growth": growth.measure(folder, seconds=effort.seconds)}


def _large(effort: Effort, folder: Path) -> dict[str, Section]:
    return {"large": large.measure(folder, rounds=effort.rounds, seconds=effort.seconds)}


def _lookups(effort: Effort, folder: Path) -> dict[str, Section]:
    return {"lookups": lookups.measure(folder, seconds=effort.seconds, identities=effort.identities)}


def _streams(effort: Effort, folder: Path) -> dict[str, Section]:
    return {"streams": broadcast.measure(folder, sizes=effort.streams, changes=effort.changes)}


def _admin(effort: Effort, folder: Path) -> dict[str, Section]:
    measured = administration.measure(
        folder, features=effort.features, environments=effort.environments, repeats=effort.toggles
    )
    return {"admin": measured}


def _dashboard(effort: Effort, folder: Path) -> dict[str, Section]:
    amounts = (effort.features, effort.segments, effort.people, effort.environments)
    return {"dashboard": dashboard.measure(folder, amounts=amounts, repeats=effort.repeats)}


def _travels(effort: Effort, folder: Path) -> dict[str, Section]:
    """On SQLite, and on PostgreSQL where it is installed."""
    done = [_travel(effort, folder, "SQLite", None, workers) for workers in effort.workers]
    if binaries := postgres_binaries():
        cluster = PostgresCluster(binaries)
        try:
            cluster.start()
            done += [
                _travel(effort, folder, "PostgreSQL", cluster.new_database(), workers) for workers in effort.workers
            ]
        finally:
            cluster.remove()
    else:
        print("PostgreSQL is not installed: only SQLite is measured.", file=sys.stderr)
    return {"travel": report.travels(done)}


def _travel(effort: Effort, folder: Path, database: str, url: str | None, workers: int) -> Travel:
    with serving(folder / f"{database}-{workers}", database_url=url, workers=workers) as server:
        project = seeding.seed(server.api_url)
        return travel.measure(server, project, database=database, toggles=effort.toggles)


@contextmanager
def serving(folder: Path, *, database_url: str | None = None, workers: int = 1) -> Iterator[Server]:
    server = Server(folder, database_url=database_url, workers=workers)
    try:
        yield server.start()
        server.stop()
    finally:
        server.kill()


PARTS: dict[str, Part] = {
    "endpoints": _endpoints,
    "growth": _growth,
    "large": _large,
    "lookups": _lookups,
    "streams": _streams,
    "travel": _travels,
    "admin": _admin,
    "dashboard": _dashboard,
}
ORDER = ("endpoints", "footprint", "growth", "large", "lookups", "streams", "travel", "admin", "dashboard")


if __name__ == "__main__":
    sys.exit(main())
