"""The outcome of a run as a page for people and as JSON, both kept in the repository.

Parts that a run left out keep what they were at their last run.
"""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.endpoints import Measured
from bench.sections import Section, table
from bench.tools import CONNECTIONS, NGINX
from bench.travel import Travel

AIM_TRAVEL_MS, AIM_MEGABYTES, AIM_READY_SECONDS = 100, 200, 3


def write(parts: dict[str, Section], folder: Path, *, when: str, order: tuple[str, ...]) -> str:
    """Write `latest.json`, `latest.md` and the plots; the text."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "latest.json"
    known: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for name, section in parts.items():
        known[name] = {"when": when, "title": section.title, "text": section.text, "numbers": section.numbers}
        for file, drawn in section.plots.items():
            (folder / file).write_text(drawn, encoding="utf-8")
    known = {name: known[name] for name in order if name in known}
    kept.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    machine = (
        f"{os.cpu_count()} cores, Python {platform.python_version()}; the load generator runs on the same machine."
    )
    chapters = [f"## {part['title']}\n\n{part['when']}\n\n{part['text']}" for part in known.values()]
    text = "\n\n".join(["# Last bench run", machine, *chapters]) + "\n"
    (folder / "latest.md").write_text(text, encoding="utf-8")
    return text


def endpoints(measured: list[Measured]) -> Section:
    heads = [
        "Endpoint",
        "Bytes",
        "Vexil req/s",
        "p50 ms",
        "p99 ms",
        "CPU µs",
        "nginx req/s",
        "p99 ms",
        "CPU µs",
        "Ratio",
        "Aim",
    ]
    text = (
        f"One Vexil worker on SQLite beside {NGINX}, which serves the same bytes as a file (for analytics: an empty "
        f"answer; for 304: a 304). 100 flags, 50 segments; wrk with 1 thread and {CONNECTIONS} connections; medians of "
        "rounds that take turns. CPU is the processor time of the server for a request.\n\n"
    )
    numbers = [
        {
            "name": one.endpoint.name,
            "body_bytes": one.body_bytes,
            "ratio": round(one.ratio, 3),
            "aim": one.endpoint.aim,
            "vexil": asdict(one.vexil),
            "nginx": asdict(one.nginx),
        }
        for one in measured
    ]
    return Section("Endpoints beside nginx", text + table(heads, map(_endpoint_row, measured)), numbers)


def _endpoint_row(measured: Measured) -> tuple[object, ...]:
    ours, theirs = measured.vexil, measured.nginx
    return (
        measured.endpoint.name,
        measured.body_bytes,
        f"{ours.per_second:.0f}",
        f"{ours.p50_ms:.1f}",
        f"{ours.p99_ms:.1f}",
        f"{ours.processor_us:.1f}",
        f"{theirs.per_second:.0f}",
        f"{theirs.p99_ms:.1f}",
        f"{theirs.processor_us:.1f}",
        f"{measured.ratio:.2f}",
        measured.endpoint.aim or "",
    )


def travels(done: list[Travel]) -> Section:
    heads = ["Database", "Workers", "Toggles", "p50 ms", "p99 ms", "Aim p99", "The request itself, p50 ms"]
    rows = [
        (
            t.database,
            t.workers,
            t.toggles,
            f"{t.p50_ms:.1f}",
            f"{t.p99_ms:.1f}",
            f"< {AIM_TRAVEL_MS}",
            f"{t.request_p50_ms:.1f}",
        )
        for t in done
    ]
    text = "From the Admin API's answer to a toggle until every worker gives the new value.\n\n"
    return Section("A toggle's way to every worker", text + table(heads, rows), [asdict(t) for t in done])


def footprint(*, idle_megabytes: float, loaded_megabytes: float, ready_seconds: float) -> Section:
    rows = [
        ("Memory of all processes (PSS), idle", f"{idle_megabytes:.0f} MB", f"< {AIM_MEGABYTES} MB"),
        ("The same after load", f"{loaded_megabytes:.0f} MB", ""),
        ("Ready on an existing database", f"{ready_seconds:.2f} s", f"< {AIM_READY_SECONDS} s"),
    ]
    numbers = {"idle_megabytes": idle_megabytes, "loaded_megabytes": loaded_megabytes, "ready_seconds": ready_seconds}
    return Section("Footprint of one worker on SQLite", table(["", "Measured", "Aim"], rows), numbers)
