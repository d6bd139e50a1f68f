"""Running one of `clients/*.mjs` with the real packages that `make test` installs."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.shop import VISITORS

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parents[1] / ".cache" / "node" / "node_modules"


class Client:
    """A running script: it prints one line of JSON at once, and one more each time it is asked again."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the client ended without an answer"
        return json.loads(line)

    def answer_again(self) -> Any:
        assert self._process.stdin
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        return self.answer()


@contextmanager
def client(
    script: str, folder: Path, *, api_url: str, key: str, client_key: str = "", local: bool = False
) -> Iterator[Client]:
    """The script in a folder of its own beside the installed packages, as in a user's project."""
    if not shutil.which("node") or not INSTALLED.is_dir():
        pytest.skip("needs Node and the npm packages: run `make test`")
    shutil.copy(HERE / "clients" / script, folder / script)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(INSTALLED)
    visitors = [{"identifier": visitor.identifier, "traits": visitor.traits} for visitor in VISITORS]
    wanted = json.dumps({"apiUrl": api_url, "key": key, "clientKey": client_key, "local": local, "visitors": visitors})
    command = ["node", script, wanted]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Client(process)
        finally:
            process.kill()
