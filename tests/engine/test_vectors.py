"""The evaluation cases that the Flagsmith project publishes, read from where they lie beside the repository."""

import json
import re
from pathlib import Path

import pytest

from vexil.engine import evaluate

CASES = Path(__file__).parents[3] / "shared" / "vectors" / "engine" / "test_cases"
PATHS = sorted(CASES.glob("*.json*")) if CASES.is_dir() else []


@pytest.mark.skipif(not PATHS, reason="the published evaluation cases are not beside this repository")
def test_all_published_cases_are_there() -> None:
    assert len(PATHS) == 199


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_published_case_is_answered_as_expected(path: Path) -> None:
    case = json.loads(re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE))

    assert evaluate(case["context"]) == case["result"]
