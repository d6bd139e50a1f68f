"""`make bench` runs from start to end; how fast is for a quiet machine to say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import report, run, tools
from bench.sections import Section
from tests.journeys.running import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_a_quick_run_measures_everything_and_writes_its_results(tmp_path: Path) -> None:
    try:
        tools.require("wrk", "nginx")
    except tools.ToolMissing as missing:
        pytest.skip(str(missing))
    command = [sys.executable, "-m", "bench.run", "--quick", "--results", str(tmp_path)]

    ended = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=580, check=False
    )

    assert ended.returncode == 0, ended.stderr
    results = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    assert list(results) == list(run.ORDER)
    measured = [endpoint["name"] for endpoint in results["endpoints"]["numbers"]]
    assert (len(measured), measured[0]) == (10, "GET /flags/")
    assert all(endpoint["vexil"]["per_second"] > 0 for endpoint in results["endpoints"]["numbers"])
    assert {travel["workers"] for travel in results["travel"]["numbers"]} == {1}
    assert ended.stdout == (tmp_path / "latest.md").read_text(encoding="utf-8") + "\n"
    assert (tmp_path / "growth-flags.svg").read_text(encoding="utf-8").count("<polyline") == 3


def test_a_run_of_one_part_keeps_what_the_others_found(tmp_path: Path) -> None:
    order = ("first", "second")
    report.write(
        {"first": Section("First", "1", 1), "second": Section("Second", "2", 2)}, tmp_path, when="then", order=order
    )

    text = report.write({"second": Section("Second", "3", 3)}, tmp_path, when="now", order=order)

    assert "## First\n\nthen\n\n1\n\n## Second\n\nnow\n\n3" in text
