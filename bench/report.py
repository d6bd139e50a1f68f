"""The outcome of a run as a page for people and as JSON, both kept in the repository."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.load import CONNECTIONS, Measured
from bench.travel import Travel

AIM_TRAVEL_MS, AIM_MEGABYTES, AIM_READY_SECONDS = 100, 200, 3


@dataclass(frozen=True)
class Outcome:
    endpoints: list[Measured]
    travels: list[Travel]
    idle_megabytes: float
    loaded_megabytes: float
    ready_seconds: float


def write(outcome: Outcome, folder: Path, *, when: str) -> str:
    """Write `latest.json` and `latest.md`; the latter's text."""
    folder.mkdir(parents=True, exist_ok=True)
    text = page(outcome, when)
    (folder / "latest.md").write_text(text, encoding="utf-8")
    (folder / "latest.json").write_text(json.dumps(_as_json(outcome, when), indent=1) + "\n", encoding="utf-8")
    return text


def page(outcome: Outcome, when: str) -> str:
    lines = [
        "# Last bench run",
        "",
        f"{when}; {os.cpu_count()} cores, Python {platform.python_version()}.",
        "One Vexil worker on SQLite beside one nginx worker that serves the same bytes from a file;",
        f"wrk with 1 thread and {CONNECTIONS} connections; medians of rounds that take turns.",
        "",
        "| Endpoint | Bytes | Vexil req/s | p50 ms | p99 ms | nginx req/s | p50 ms | p99 ms | Ratio | Aim |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_endpoint_row(measured) for measured in outcome.endpoints),
        "",
        "From the Admin API's answer to a toggle until every worker gives the new value:",
        "",
        "| Database | Workers | Toggles | p50 ms | p99 ms | Aim p99 | The request itself, p50 ms |",
        "|---|---|---|---|---|---|---|",
        *(_travel_row(travel) for travel in outcome.travels),
        "",
        "| One worker on SQLite | Measured | Aim |",
        "|---|---|---|",
        f"| Memory of all processes (PSS), idle | {outcome.idle_megabytes:.0f} MB | < {AIM_MEGABYTES} MB |",
        f"| The same after the load above | {outcome.loaded_megabytes:.0f} MB | |",
        f"| Ready on the existing database | {outcome.ready_seconds:.2f} s | < {AIM_READY_SECONDS} s |",
    ]
    return "\n".join(lines) + "\n"


def _endpoint_row(measured: Measured) -> str:
    ours, theirs = measured.vexil, measured.nginx
    return (
        f"| {measured.endpoint.name} | {measured.body_bytes} "
        f"| {ours.per_second:.0f} | {ours.p50_ms:.1f} | {ours.p99_ms:.1f} "
        f"| {theirs.per_second:.0f} | {theirs.p50_ms:.1f} | {theirs.p99_ms:.1f} "
        f"| {measured.ratio:.2f} | {measured.endpoint.aim} |"
    )


def _travel_row(travel: Travel) -> str:
    return (
        f"| {travel.database} | {travel.workers} | {travel.toggles} | {travel.p50_ms:.1f} | {travel.p99_ms:.1f} "
        f"| < {AIM_TRAVEL_MS} | {travel.request_p50_ms:.1f} |"
    )


def _as_json(outcome: Outcome, when: str) -> dict[str, object]:
    endpoints = [
        {
            "name": measured.endpoint.name,
            "body_bytes": measured.body_bytes,
            "ratio": round(measured.ratio, 3),
            "aim": measured.endpoint.aim,
            "vexil": asdict(measured.vexil),
            "nginx": asdict(measured.nginx),
        }
        for measured in outcome.endpoints
    ]
    return {
        "when": when,
        "cores": os.cpu_count(),
        "endpoints": endpoints,
        "travels": [asdict(travel) for travel in outcome.travels],
        "idle_megabytes": outcome.idle_megabytes,
        "loaded_megabytes": outcome.loaded_megabytes,
        "ready_seconds": outcome.ready_seconds,
    }
