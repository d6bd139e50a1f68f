"""wrk and nginx, and the processor time of processes."""

import itertools
import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.journeys.connections import descendants
from tests.journeys.running import free_port

CONNECTIONS = 64
SCRIPT = Path(__file__).resolve().parent / "wrk.lua"
NUMBERS_EACH_ROUND = 10_000_000

_rounds = itertools.count(1)
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ToolMissing(Exception):
    """wrk or nginx is not installed."""


class FailedRequests(Exception):
    """Some requests of a round were not answered with 2xx or 3xx, so its numbers mean nothing."""


@dataclass(frozen=True)
class Target:
    """A server, and what its requests carry."""

    url: str
    process: int
    key: str = ""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Round:
    per_second: float
    p50_ms: float
    p99_ms: float
    processor_us: float
    """Of the server's processes, for each request: hardly moved by other work on the machine."""


def require(*names: str) -> None:
    for name in names:
        if not _binary(name):
            raise ToolMissing(f"{name} is not installed; on Debian and Ubuntu: sudo apt-get install {name}")


def wrk(target: Target, requests: Path, *, seconds: int, connections: int = CONNECTIONS, pause_ms: int = 0) -> Round:
    """One round; each connection pauses before it asks again. No two rounds count with the same numbers."""
    first_number = str(next(_rounds) * NUMBERS_EACH_ROUND)
    command = [_binary("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), target.url]
    before = processor_seconds(target.process)
    ended = subprocess.run(
        [*command, "--", str(requests), target.key, first_number, *target.headers],
        capture_output=True, text=True, check=True, timeout=seconds + 60,
        env=os.environ | {"WRK_PAUSE_MS": str(pause_ms)},
    )  # fmt: skip
    used = processor_seconds(target.process) - before
    outcome = json.loads(ended.stdout.splitlines()[-1])
    if outcome["errors"] or not outcome["requests"]:
        raise FailedRequests(f"{outcome['errors']} of {outcome['requests']} failed at {target.url}")
    per_second = outcome["requests"] / outcome["microseconds"] * 1e6
    return Round(per_second, outcome["p50"] / 1000, outcome["p99"] / 1000, used / outcome["requests"] * 1e6)


def median(rounds: Sequence[Round]) -> Round:
    names = ("per_second", "p50_ms", "p99_ms", "processor_us")
    return Round(*(statistics.median(getattr(r, name) for r in rounds) for name in names))


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


def processor_seconds(process: int) -> float:
    """Of the process and all that it started."""
    ticks = 0
    for one in {process, *descendants(process)}:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_PER_SECOND


@contextmanager
def nginx(body: bytes, folder: Path) -> Iterator[tuple[str, int]]:
    """One worker that serves `/answer.json` from a file and `/empty` without one; its address and process."""
    root = folder / "nginx"
    root.mkdir(exist_ok=True)
    (root / "answer.json").write_bytes(body)
    port = free_port()
    (root / "nginx.conf").write_text(_nginx_configuration(port, root), encoding="utf-8")
    command = [_binary("nginx"), "-p", str(root), "-c", str(root / "nginx.conf"), "-e", str(root / "errors.log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/answer.json", body)
            yield url, process.pid
        finally:
            process.terminate()


NGINX = "nginx as Debian sets it up (sendfile, tcp_nopush, no open_file_cache), one worker, access log off"


def _nginx_configuration(port: int, root: Path) -> str:
    scratch = " ".join(
        f'{kind}_temp_path "{root}/{kind}";' for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{"user root;" if os.getuid() == 0 else ""}
daemon off; worker_processes 1; pid "{root}/pid"; error_log "{root}/errors.log";
events {{ worker_connections 768; }}
http {{
    access_log off; sendfile on; tcp_nopush on; types_hash_max_size 2048; {scratch}
    server {{
        listen 127.0.0.1:{port}; root "{root}"; default_type application/json;
        location = /empty {{ return 200; }}
    }}
}}
"""


def _wait_for(url: str, body: bytes) -> None:
    give_up_at = time.monotonic() + 10
    while True:
        try:
            if httpx.get(url).content == body:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > give_up_at:
            raise ToolMissing(f"nginx did not start at {url}")
        time.sleep(0.02)


def _binary(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin") or ""
