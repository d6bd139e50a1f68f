"""What README, start page and error page tell people to type, word by word, on a port of our own."""

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.running import Server, environment, free_port

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PRINTED_SECONDS = 40


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def filled_in(snippet: str, port: int, printed: str) -> str:
    """As a reader would: with the address of this server, and the keys that it printed for placeholders."""
    for name in ("client key", "server key", "Admin API key"):
        [key] = re.findall(rf"^  {name} +(\S+)$", printed, flags=re.MULTILINE)
        snippet = snippet.replace(f"<{name}>", key)
    return snippet.replace("127.0.0.1:8000", f"127.0.0.1:{port}")


def shell(script: str, folder: Path) -> str:
    command, variables = ["sh", "-eu", "-c", script], environment()
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
    ended = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def last_json(text: str) -> dict[str, object]:
    """The last of several JSON documents that were printed one after another."""
    decoder, place, found = json.JSONDecoder(), 0, None
    while place < len(text.rstrip()):
        found, end = decoder.raw_decode(text[place:].lstrip())
        place = len(text) - len(text[place:].lstrip()) + end
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """`make run` on a port and folder of ours: the port and what it printed until it served."""
    if not shutil.which("make") or not shutil.which("curl"):
        pytest.skip("needs make and curl")
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    options = f"options=--port {port} --data-dir {folder / 'data'}"
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run", options],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env=environment(),
            start_new_session=True,
        )
    try:
        give_up_at = time.monotonic() + PRINTED_SECONDS
        while "serves http" not in log.read_text() and process.poll() is None and time.monotonic() < give_up_at:
            time.sleep(0.05)
        time.sleep(1)
        yield port, log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_every_curl_command_that_make_run_prints_gets_something(demo: tuple[int, str], tmp_path: Path) -> None:
    _, printed = demo
    commands = re.findall(r"^\s*(curl .*)$", printed, flags=re.MULTILINE)

    answers = [json.loads(shell(command, tmp_path)) for command in commands]

    features, identity, listed = answers
    names = [flag["feature"]["name"] for flag in features]
    assert (bool(names), [flag["feature"]["name"] for flag in identity["flags"]]) == (True, names)
    assert sorted(feature["name"] for feature in listed["results"]) == sorted(names)


def test_the_python_snippet_that_make_run_prints_works(
    demo: tuple[int, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, printed = demo
    lines = re.findall(r"^  ((?:from|flags|print)\b.*)$", printed, flags=re.MULTILINE)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # The snippet leaves its connection open, as snippets do.
        exec("\n".join(lines), {})
        gc.collect()

    assert capsys.readouterr().out in {"True\n", "False\n"}


def test_the_first_flag_of_ones_own_is_evaluated(demo: tuple[int, str], tmp_path: Path) -> None:
    port, _ = demo
    script = next(block for block in blocks("sh") if block.startswith("api="))

    answer = last_json(shell(script.replace(":8000/", f":{port}/"), tmp_path))

    shown = [(flag["feature"]["name"], flag["enabled"], flag["feature_state_value"]) for flag in answer["flags"]]  # type: ignore[attr-defined]
    assert shown == [("banner", True, "hello, pro")]


def test_the_python_snippet_gets_the_same_flag(
    server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script = next(block for block in blocks("sh") if block.startswith("api="))
    shown_key = '\necho "$key" >key\n'
    shell(script.replace(":8000/", f":{server.port}/").replace("you@", f"you{server.port}@") + shown_key, tmp_path)
    snippet = blocks("python")[0].replace("<the key>", (tmp_path / "key").read_text().strip())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        exec(compile(snippet.replace(":8000/", f":{server.port}/"), "README.md", "exec"), {})
        gc.collect()

    assert capsys.readouterr().out == "hello, pro\n"


def test_what_make_run_prints_opens_the_dashboard(demo: tuple[int, str]) -> None:
    port, printed = demo
    [address] = re.findall(r"^  dashboard +(\S+)$", printed, flags=re.MULTILINE)
    [(email, password)] = re.findall(r"^  log in as +(\S+)  (\S+)$", printed, flags=re.MULTILINE)

    with httpx.Client(base_url=address, follow_redirects=True) as browser:
        page = browser.get("/").text
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page))
        opened = browser.post("/login", data={"email": email, "password": password, "csrfmiddlewaretoken": token})

    assert (address, opened.status_code) == (f"http://127.0.0.1:{port}/", 200)
    assert ("Log out" in page, "Log out" in opened.text) == (False, True)


@pytest.mark.parametrize("name", ["index.md", "http-errors.md"])
def test_every_command_of_the_start_and_error_pages_works(demo: tuple[int, str], name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    scripts = [filled_in(block, *demo) for block in blocks("sh", page) if block != "make run\n"]
    programs = [filled_in(block, *demo) for block in blocks("python", page)]

    shown = [shell(script, tmp_path) for script in scripts]
    for number, program in enumerate(programs):
        (tmp_path / f"{number}.py").write_text(program, encoding="utf-8")
        shown.append(shell(f"python {number}.py", tmp_path))

    if name == "index.md":
        flags, is_on = shown
        assert "reviews" in [flag["feature"]["name"] for flag in json.loads(flags)]
        assert is_on == "True\n"
    else:
        problem, examined = shown
        assert json.loads(problem)["code"] == "missing_environment_key"
        assert "✓ Key: the client key opens 3 flags" in examined
        assert "✗" not in examined


def test_the_readme_begins_with_make_run_and_make_test() -> None:
    first = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]

    assert first == ["make run", "make test"]
