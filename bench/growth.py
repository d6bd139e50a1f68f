"""The cost of a request as flags and segments become more."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import plots, stored, tools
from bench.sections import Section, table
from bench.tools import Target
from tests.dataplane.snapshots import CLIENT_KEY
from tests.journeys.running import Server

SIZES = [(10, 50), (100, 50), (1000, 50), (100, 0), (100, 500)]
COUNTED = "@" * 10


@dataclass(frozen=True)
class Cost:
    flags: int
    segments: int
    all_flags_us: float
    identity_us: float
    """Evaluated anew, since its traits are others each time."""
    known_identity_us: float
    """Stored, with the same request as before."""


def measure(folder: Path, *, seconds: int) -> Section:
    costs = [_cost(folder / f"{flags}-{segments}", flags, segments, seconds) for flags, segments in SIZES]
    heads = ["Flags", "Segments", "GET /flags/", "POST /identities/, transient, other traits each time",
             "GET /identities/, stored"]  # fmt: skip
    rows = [
        (c.flags, c.segments, f"{c.all_flags_us:.0f}", f"{c.identity_us:.0f}", f"{c.known_identity_us:.0f}")
        for c in costs
    ]
    text = "Processor time of the server for a request in µs; an answer of 1,000 flags has 300 kB.\n\n" + table(
        heads, rows
    )
    by_flags = sorted((c for c in costs if c.segments == 50), key=lambda c: c.flags)
    by_segments = sorted((c for c in costs if c.flags == 100), key=lambda c: c.segments)
    drawn = {
        "growth-flags.svg": _plot("flags, with 50 segments", [(c.flags, c) for c in by_flags]),
        "growth-segments.svg": _plot("segments, with 100 flags", [(c.segments, c) for c in by_segments]),
    }
    links = "\n".join(f"![{name}]({name})" for name in drawn)
    return Section("Cost as flags and segments grow", f"{text}\n\n{links}", [asdict(cost) for cost in costs], drawn)


def _cost(folder: Path, flags: int, segments: int, seconds: int) -> Cost:
    stored.put(folder / "data", stored.sized(flags, segments))
    stored.add_identities(folder / "data", 1, 200)
    traits = [{"trait_key": "plan", "trait_value": "pro"}, {"trait_key": "age", "trait_value": 40},
              {"trait_key": "seen", "trait_value": COUNTED}]  # fmt: skip
    body = json.dumps({"identifier": "somebody", "traits": traits, "transient": True})
    server = Server(folder, role="flags")
    try:
        server.start()
        return Cost(
            flags,
            segments,
            _processor_us(server, folder, ["GET\t/api/v1/flags/"], seconds),
            _processor_us(server, folder, [f"POST\t/api/v1/identities/\t{body}"], seconds),
            _processor_us(
                server, folder, [f"GET\t/api/v1/identities/?identifier=user-{n}" for n in range(1, 201)], seconds
            ),
        )
    finally:
        server.kill()


def _processor_us(server: Server, folder: Path, lines: list[str], seconds: int) -> float:
    requests = folder / "requests.txt"
    requests.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tools.wrk(Target(server.url, server.pid, CLIENT_KEY), requests, seconds=seconds).processor_us


def _plot(along: str, points: list[tuple[int, Cost]]) -> str:
    series = {
        "GET /flags/": [(at, cost.all_flags_us) for at, cost in points],
        "POST /identities/, evaluated anew": [(at, cost.identity_us) for at, cost in points],
        "GET /identities/, known": [(at, cost.known_identity_us) for at, cost in points],
    }
    return plots.lines(f"µs of processor time per request, by number of {along}", series)
