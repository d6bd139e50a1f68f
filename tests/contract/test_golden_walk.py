"""The recorded walk over the reference server, replayed against ours: agreement may only grow.

The recording and its tools lie beside the repository; without them this is skipped.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.journeys.running import Server

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden"
SETTLE_SECONDS = "0.1"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden recordings are not beside the repository")


class Agreement(NamedTuple):
    """How many exchanges of an area agree in status, in shape as well, in values as well; and in headers."""

    status: int
    shape: int
    value: int
    headers: int


# Measured, and raised whenever we do better. Never lower one: a lower number is a client that stops working.
AT_LEAST: dict[str, Agreement] = {}


@pytest.fixture(scope="module")
def agreements(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Agreement]:
    folder = tmp_path_factory.mktemp("walk")
    server = Server(folder / "server", ALLOW_ADMIN_INITIATION_VIA_URL="true")
    try:
        server.start()
        only = [word for area in AT_LEAST for word in ("--only", area)]
        walk = ["--base-url", server.url, "--out", str(folder / "out"), "--settle", SETTLE_SECONDS, *only]
        run("record.py", *walk)
    finally:
        server.kill()
    return compared(run("compare.py", str(GOLDEN / "flagsmith"), str(folder / "out"), "--show", "0"))


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-B", str(GOLDEN / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


def compared(table: str) -> dict[str, Agreement]:
    """Lines such as `auth  12/14  11/14  11/14  14/14`."""
    rows = re.findall(r"^([a-z-]+) +(\d+)/\d+ +(\d+)/\d+ +(\d+)/\d+ +(\d+)/\d+ *$", table, flags=re.MULTILINE)
    return {area: Agreement(*map(int, counts)) for area, *counts in rows}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("area", AT_LEAST)
def test_agreement_with_the_reference_does_not_shrink(agreements: dict[str, Agreement], area: str) -> None:
    less = {
        level: f"{got} of {wanted}"
        for level, got, wanted in zip(Agreement._fields, agreements[area], AT_LEAST[area], strict=True)
        if got < wanted
    }

    assert less == {}
