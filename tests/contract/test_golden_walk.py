"""The recorded walk over the reference server, replayed against ours on both databases, in all its areas.

Recording and tools lie beside the repository; without them this is skipped. Every exchange must agree in its values
but those that `differences.py` lists, and that list may name nothing that agrees.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from tests.contract.differences import DIFFERENT, NOT_BUILT
from tests.journeys.running import Server, new_migrated_database

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden"
SETTLE_SECONDS = "0.5"
SERVERS_AT_ONCE = 6
HEADERS_AGREE = 0.88
"""The share of exchanges with the same headers: JSON for unknown paths and `WWW-Authenticate` are wanted."""

THROTTLES = {"USER": "500/min", "LOGIN": "20/min", "MFA_CODE": "5/min", "INVITE": "10/min", "INFLUX_QUERY": "5/min"}
DEFAULTS = {f"{scope}_THROTTLE_RATE": rate for scope, rate in THROTTLES.items()}
UNLIMITED = {"USER_THROTTLE_RATE": "none", "LOGIN_THROTTLE_RATE": "none"}

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden recordings are not beside the repository")


class Group(NamedTuple):
    """Areas that want the same settings: one server for them."""

    settings: Mapping[str, str]
    walks: Sequence[Sequence[str]]
    """One after the other within a walk; walks at the same time."""


SPECIAL = {
    "throttle": Group(
        {
            "USER_THROTTLE_RATE": "5/min",
            "MASTER_API_KEY_THROTTLE_RATE": "5/min",
            "LOGIN_THROTTLE_RATE": "3/min",
            "SIGNUP_THROTTLE_RATE": "5/min",
        },
        [["errors-throttle"]],
    ),
    "rate only": Group({"USER_THROTTLE_RATE": "5/min"}, [["errors-throttle-rate-only"]]),
    "hosts": Group({"DJANGO_ALLOWED_HOSTS": "example.com,.example.org"}, [["errors-allowed-hosts"]]),
    "cache": Group({"CACHE_FLAGS_SECONDS": "60", **UNLIMITED}, [["cache-flags"]]),
    "paid": Group(UNLIMITED, [["audit-paid", "projects-paid", "invites-paid"]]),
}


class Found(NamedTuple):
    """One exchange beside the recorded one."""

    values_agree: bool
    headers_agree: bool
    notes: list[str]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def exchanges(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """By id, of all areas."""
    folder = tmp_path_factory.mktemp("walk")
    cluster = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    new_database: Callable[[], str | None] = partial(new_migrated_database, cluster) if cluster else lambda: None
    with ThreadPoolExecutor(SERVERS_AT_ONCE) as pool:
        ends = [
            pool.submit(_walk_over_server, folder, name, group, new_database())
            for name, group in {"normal": _normal(), **SPECIAL}.items()
        ]
        for end in ends:
            end.result()
    return dict(_compared(folder / "out"))


@pytest.mark.timeout(900)
def test_every_exchange_agrees_with_the_reference_but_those_that_are_listed(exchanges: dict[str, Found]) -> None:
    listed = {*DIFFERENT, *NOT_BUILT}

    others = {name: found.notes for name, found in exchanges.items() if not found.values_agree}

    assert {name: notes for name, notes in others.items() if name not in listed} == {}
    assert {name for name in listed if name in exchanges and exchanges[name].values_agree} == set()
    assert listed <= exchanges.keys()


@pytest.mark.timeout(900)
def test_what_differs_on_purpose_is_little(exchanges: dict[str, Found]) -> None:
    """As the recordings judge, before anything is excused."""
    agreeing = sum(found.values_agree for found in exchanges.values())
    headers = sum(found.headers_agree for found in exchanges.values())

    assert agreeing >= 0.96 * len(exchanges)
    assert headers >= HEADERS_AGREE * len(exchanges)
    assert len(exchanges) > 900


def _normal() -> Group:
    """The areas of the normal run in two walks; `health` is walked before there is a user."""
    areas = _run("record.py", "--list").splitlines()[0].removeprefix("areas: ").split()
    rest = [area for area in areas if area != "health"]
    return Group({"ALLOW_ADMIN_INITIATION_VIA_URL": "true", **UNLIMITED}, [["health"], rest[::2], rest[1::2]])


def _walk_over_server(folder: Path, name: str, group: Group, database_url: str | None) -> None:
    server = Server(folder / name.replace(" ", "-"), database_url=database_url, **{**DEFAULTS, **group.settings})
    try:
        server.start()
        first, *others = group.walks
        _record(server, folder, first)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda areas: _record(server, folder, areas), others))
    finally:
        server.kill()


def _record(server: Server, folder: Path, areas: Sequence[str]) -> None:
    only = [word for area in areas for word in ("--only", area)]
    _run("record.py", "--base-url", server.url, "--out", str(folder / "out"), "--settle", SETTLE_SECONDS, *only)


def _run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-B", str(GOLDEN / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=840, check=True).stdout


def _compared(recorded: Path) -> Iterator[tuple[str, Found]]:
    """As `compare.py` does. Of ours only what the recording has, too: ids are known by the exchange that made them."""
    tools = _tools()
    wanted: dict[str, Any] = json.loads((GOLDEN / "wanted.json").read_text())
    for file in sorted((GOLDEN / "flagsmith").glob("*.jsonl")):
        theirs = tools.load(GOLDEN / "flagsmith", file.stem)
        ours = {name: found for name, found in tools.load(recorded, file.stem).items() if name in theirs}
        made = tools.made_in(theirs.values()), tools.made_in(ours.values())
        for name, exchange in theirs.items():
            rule = wanted.get(name)
            is_setup = exchange.get("setup") or "status" not in exchange
            if is_setup or exchange["status"] >= 500 or (rule and rule.get("free")):
                continue
            level, same_headers, notes = tools.judge(exchange, ours.get(name), *made, rule)
            yield name, Found(level == 3, same_headers, notes)


def _tools() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_compare", GOLDEN / "compare.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
