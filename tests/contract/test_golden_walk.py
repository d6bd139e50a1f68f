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
SETTLE_SECONDS = "0.3"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden recordings are not beside the repository")


class Agreement(NamedTuple):
    """How many exchanges of an area agree in status, in shape as well, in values as well; and in headers."""

    status: int
    shape: int
    value: int
    headers: int


# Measured, and raised whenever we do better. Never lower one: a lower number is a client that stops working.
# Headers stay below where we differ on purpose: JSON for unknown paths, `WWW-Authenticate`, more exposed headers.
AT_LEAST: dict[str, Agreement] = {
    "api-keys": Agreement(14, 13, 13, 11),  # of 15
    "audit-paid": Agreement(16, 16, 16, 16),  # of 16
    "auth": Agreement(49, 49, 49, 44),  # of 49
    "cache-flags": Agreement(6, 6, 5, 5),  # of 6; the one that differs is fresh, where the reference is a minute old
    "cors": Agreement(9, 9, 9, 0),  # of 9
    "environments": Agreement(30, 28, 27, 29),  # of 30
    "errors-admin": Agreement(60, 60, 59, 44),  # of 60
    "errors-sdk": Agreement(42, 42, 42, 28),  # of 42
    "evaluation": Agreement(12, 12, 12, 12),  # of 12
    "feature-segments": Agreement(14, 14, 11, 13),  # of 14
    "features": Agreement(55, 55, 55, 55),  # of 56
    "featurestates": Agreement(40, 39, 38, 39),  # of 40
    "health": Agreement(14, 14, 13, 11),  # of 14
    "identities": Agreement(31, 31, 28, 31),  # of 31
    "import-export": Agreement(6, 6, 6, 5),  # of 6
    "master-api-keys": Agreement(27, 27, 25, 28),  # of 29
    "metadata": Agreement(20, 20, 19, 20),  # of 20
    "misc": Agreement(6, 6, 6, 4),  # of 10
    "multivariate": Agreement(21, 21, 18, 20),  # of 21
    "organisations": Agreement(31, 31, 29, 32),  # of 38
    "permissions": Agreement(10, 10, 10, 16),  # of 33
    "sdk-analytics": Agreement(15, 15, 15, 13),  # of 15
    "sdk-environment-document": Agreement(9, 9, 7, 8),  # of 10
    "sdk-flags": Agreement(17, 17, 15, 18),  # of 18
    "sdk-identities": Agreement(41, 41, 40, 41),  # of 41
    "sdk-traits": Agreement(18, 17, 17, 17),  # of 18
    "segment-overrides": Agreement(9, 9, 9, 9),  # of 9
    "segments": Agreement(42, 42, 42, 40),  # of 42
    # The walk runs without throttles, so the eighth is not refused.
    "usage": Agreement(7, 7, 7, 0),  # of 8
    "versions": Agreement(31, 31, 31, 31),  # of 31
    "webhooks": Agreement(27, 27, 27, 27),  # of 27
}


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
