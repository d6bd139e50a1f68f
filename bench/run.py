"""Measure Vexil and print the outcome: `make bench`, or `python -m bench.run --quick` for a look in seconds."""

import argparse
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import footprint, load, report, seeding, travel
from bench.load import Measured
from bench.report import Outcome
from bench.travel import Travel
from tests.databases import PostgresCluster, postgres_binaries
from tests.journeys.running import Server

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Effort:
    rounds: int
    round_seconds: int
    toggles: int
    workers: tuple[int, ...]
    starts: int
    settle_seconds: float


FULL = Effort(rounds=7, round_seconds=3, toggles=200, workers=(1, 4), starts=3, settle_seconds=5)
QUICK = Effort(rounds=1, round_seconds=1, toggles=4, workers=(1,), starts=1, settle_seconds=0.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round each: shows that it runs, not how fast")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write latest.md and latest.json")
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    try:
        load.require("wrk", "nginx")
    except load.ToolMissing as error:
        print(error, file=sys.stderr)
        return 1
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="vexil bench ") as folder:
        outcome = run(effort, Path(folder))
    date = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(report.write(outcome, options.results, when=f"{date}, load average {busy:.1f} before it"))
    return 0


def run(effort: Effort, folder: Path) -> Outcome:
    with serving(folder / "load") as server:
        project = seeding.seed(server.api_url)
        ready_seconds = footprint.ready_seconds(server, starts=effort.starts)
        time.sleep(effort.settle_seconds)
        idle_megabytes = footprint.megabytes(server)
        endpoints = [_measured(server, endpoint, folder, effort) for endpoint in load.endpoints(project)]
        loaded_megabytes = footprint.megabytes(server)
    return Outcome(endpoints, travels(effort, folder), idle_megabytes, loaded_megabytes, ready_seconds)


def travels(effort: Effort, folder: Path) -> list[Travel]:
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
    return done


@contextmanager
def serving(folder: Path, *, database_url: str | None = None, workers: int = 1) -> Iterator[Server]:
    server = Server(folder, database_url=database_url, workers=workers)
    try:
        yield server.start()
        server.stop()
    finally:
        server.kill()


def _measured(server: Server, endpoint: load.Endpoint, folder: Path, effort: Effort) -> Measured:
    print(f"{endpoint.name} …", file=sys.stderr, flush=True)
    return load.measure(endpoint, server.url, folder, rounds=effort.rounds, seconds=effort.round_seconds)


def _travel(effort: Effort, folder: Path, database: str, url: str | None, workers: int) -> Travel:
    print(f"a toggle's way, {database}, {workers} workers …", file=sys.stderr, flush=True)
    with serving(folder / f"{database}-{workers}", database_url=url, workers=workers) as server:
        project = seeding.seed(server.api_url)
        return travel.measure(server, project, database=database, toggles=effort.toggles)


if __name__ == "__main__":
    sys.exit(main())
