"""What a machine can check of our style; each failure names the file and what is asked of it."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import generated_docs

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "vexil"
FILE_LINES, CLASS_LINES, FUNCTION_LINES, PARAMETERS, CONFTEST_LINES = 500, 250, 70, 6, 150

# Written so that the patterns do not match themselves.
PATHS_OF_A_MACHINE = re.compile(r"(?<![\w.$}/<-])/(?:root|work|home)/\w")
PACKAGE_INDEXES = re.compile(r"index[-]url|/simple/?(?=\s|$)|registry[.]npm|npm[.]pkg")


def own_sources() -> list[Path]:
    """Every Python file that people write: not tests, not migrations."""
    files = [path for folder in ("src", "bench", "scripts") for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in files if "migrations" not in path.parts)


def tracked_texts() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            yield name, path.read_text(encoding="utf-8", errors="replace")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(node: ast.AST) -> int:
    return (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    return len([name for name in names if name not in {"self", "cls"}])


def test_every_package_opens_with_a_docstring_of_three_to_six_lines() -> None:
    packages = [path for path in PACKAGE.rglob("__init__.py") if "migrations" not in path.parts]

    docstrings = {
        shown(path): ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in packages
    }

    assert {name: text for name, text in docstrings.items() if not 3 <= len(text.splitlines()) <= 6} == {}


def test_only_config_and_cli_read_the_environment() -> None:
    readers = set()
    for path in own_sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            taken = node.attr if isinstance(node, ast.Attribute) else ""
            imported = (
                [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) and node.module == "os" else []
            )
            if {"environ", "getenv", "environb"} & {taken, *imported}:
                readers.add(shown(path))

    # wsgi.py names the settings module, as Django asks of it; it reads nothing.
    allowed = {"src/vexil/config.py", "src/vexil/cli.py", "src/vexil/controlplane/site/wsgi.py"}
    assert {name for name in readers if name.startswith("src/")} - allowed == set()


def test_files_classes_and_functions_keep_to_their_limits() -> None:
    too_long = []
    for path in own_sources():
        source = path.read_text(encoding="utf-8")
        if len(source.splitlines()) > FILE_LINES:
            too_long.append(f"{shown(path)}: {len(source.splitlines())} lines, at most {FILE_LINES}")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and lines_of(node) > CLASS_LINES:
                too_long.append(f"{shown(path)}: class {node.name} has {lines_of(node)} lines, at most {CLASS_LINES}")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if lines_of(node) > FUNCTION_LINES:
                    too_long.append(f"{shown(path)}: {node.name} has {lines_of(node)} lines, at most {FUNCTION_LINES}")
                if parameters_of(node) > PARAMETERS:
                    too_long.append(f"{shown(path)}: {node.name} takes {parameters_of(node)}, at most {PARAMETERS}")

    too_long += [
        f"{shown(path)}: at most {CONFTEST_LINES} lines"
        for path in (ROOT / "tests").rglob("conftest.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > CONFTEST_LINES
    ]
    assert too_long == []


def test_no_module_is_named_for_being_left_over() -> None:
    left_over = {"utils", "util", "helpers", "common", "core", "misc"}

    assert [shown(path) for path in own_sources() if left_over & set(path.with_suffix("").parts)] == []


@pytest.mark.parametrize("page", generated_docs.PAGES)
def test_generated_documentation_is_current(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")

    assert text == generated_docs.current(text, generated_docs.PAGES[page]()), "run `make format`"


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="not a git checkout")
def test_no_tracked_file_names_a_machine_or_a_package_index() -> None:
    named = [
        f"{name}: {found[0]}"
        for name, text in tracked_texts()
        for pattern in (PATHS_OF_A_MACHINE, PACKAGE_INDEXES)
        if (found := pattern.search(text))
    ]

    assert named == []


def test_requirements_are_exact_versions() -> None:
    loose = [
        f"{path.name}: {line}"
        for path in sorted((ROOT / "requirements").glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if not re.fullmatch(r"-r \w+\.txt|[a-z0-9-]+==[\w.]+", line)
    ]

    assert loose == []
