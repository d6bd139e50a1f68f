"""The dashboard's pages in a large project: the server's time for each, and what each weighs."""

import json
import subprocess
import sys
from pathlib import Path

from bench.sections import Section, table

AIM_MS, AIM_KB = 100, 300


def measure(folder: Path, *, amounts: tuple[int, int, int, int], repeats: int) -> Section:
    """`amounts` of features, segments, identities and environments."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.pages", str(folder), str(repeats), *map(str, amounts)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[1])
    pages = json.loads(answer.stdout.splitlines()[-1])
    slowest = sorted(pages, key=lambda name: -pages[name]["p50_ms"])
    rows = [
        (name, f"{pages[name]['p50_ms']:.0f}", f"< {AIM_MS}", f"{pages[name]['bytes'] / 1000:.0f}", f"< {AIM_KB}")
        for name in slowest
    ]
    features, segments, identities, environments = amounts
    text = (
        f"A project of {features:,} features, {segments:,} segments, {identities:,} identities and {environments} "
        f"environments on SQLite; processor time of the server for one page, median of {repeats}, "
        "the slowest first.\n\n"
    )
    return Section("Dashboard", text + table(["Page", "p50 ms", "Aim", "kB", "Aim"], rows), pages)
