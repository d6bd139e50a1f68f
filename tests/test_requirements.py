"""docs/requirements.md: every requirement is there, and each names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (R\d+[ab]?) \| (.*) \|$", PAGE, flags=re.MULTILINE))
EXPECTED = ["R1", "R2", "R3", "R4a", "R4b", *(f"R{number}" for number in range(5, 52))]


@cache
def functions_of(file: str) -> set[str]:
    path = ROOT / file
    if not path.is_file():
        return set()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_has_its_line() -> None:
    assert list(ROWS) == EXPECTED


def test_every_line_names_tests_that_exist() -> None:
    named = {name: re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row) for name, row in ROWS.items()}

    assert [name for name, tests in named.items() if not tests] == []
    assert [
        f"{name}: {file}::{test}"
        for name, tests in named.items()
        for file, test in tests
        if test not in functions_of(file)
    ] == []
