"""`make bench` runs from start to end; how fast is for a quiet machine to say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_a_quick_run_measures_everything_and_writes_its_results(tmp_path: Path) -> None:
    try:
        load.require("wrk", "nginx")
    except load.ToolMissing as missing:
        pytest.skip(str(missing))
    command = [sys.executable, "-m", "bench.run", "--quick", "--results", str(tmp_path)]

    ended = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=200, check=False
    )

    assert ended.returncode == 0, ended.stderr
    results = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    assert [endpoint["name"] for endpoint in results["endpoints"]] == [
        "GET /flags/",
        "GET /environment-document/",
        "GET /identities/ (stored)",
        "POST /identities/ (unchanged traits)",
    ]
    assert all(endpoint["vexil"]["per_second"] > 0 for endpoint in results["endpoints"])
    assert {travel["workers"] for travel in results["travels"]} == {1}
    assert ended.stdout == (tmp_path / "latest.md").read_text(encoding="utf-8") + "\n"
