"""wrk against Vexil and against nginx, in short rounds that take turns, so that both meet the same machine."""

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.seeding import Project
from tests.journeys.running import free_port

CONNECTIONS = 64
SCRIPT = Path(__file__).resolve().parent / "wrk.lua"


class ToolMissing(Exception):
    """wrk or nginx is not installed."""


class FailedRequests(Exception):
    """Some requests of a round were not answered with 2xx, so its numbers mean nothing."""


@dataclass(frozen=True)
class Endpoint:
    name: str
    aim: float
    """Least ratio to nginx that the project asks for."""
    key: str
    lines: list[str]
    """METHOD, path and perhaps a body, parted by tabs: sent in turn."""


@dataclass(frozen=True)
class Round:
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Measured:
    endpoint: Endpoint
    body_bytes: int
    vexil: Round
    nginx: Round
    ratio: float
    """The median of the ratios of neighbouring rounds, which other work on the machine slows alike."""


def endpoints(project: Project) -> list[Endpoint]:
    stored = [f"GET\t/api/v1/identities/?identifier={body['identifier']}" for body in project.bodies]
    posted = [f"POST\t/api/v1/identities/\t{json.dumps(body)}" for body in project.bodies]
    return [
        Endpoint("GET /flags/", 0.6, project.client_key, ["GET\t/api/v1/flags/"]),
        Endpoint("GET /environment-document/", 0.6, project.server_key, ["GET\t/api/v1/environment-document/"]),
        Endpoint("GET /identities/ (stored)", 0.3, project.client_key, stored),
        Endpoint("POST /identities/ (unchanged traits)", 0.3, project.client_key, posted),
    ]


def measure(endpoint: Endpoint, url: str, folder: Path, *, rounds: int, seconds: int) -> Measured:
    """The medians of `rounds` rounds each; nginx serves the bytes of the endpoint's first answer as a file."""
    requests = folder / "requests.txt"
    requests.write_text("\n".join(endpoint.lines) + "\n", encoding="utf-8")
    body = _answer(endpoint, url)
    one_file = folder / "one-file.txt"
    one_file.write_text("GET\t/answer.json\n", encoding="utf-8")
    ours, theirs = [], []
    with nginx(body, folder) as nginx_url:
        for _ in range(rounds):
            theirs.append(_wrk(nginx_url, one_file, endpoint.key, seconds))
            ours.append(_wrk(url, requests, endpoint.key, seconds))
    ratio = statistics.median(our.per_second / their.per_second for our, their in zip(ours, theirs, strict=True))
    return Measured(endpoint, len(body), _median(ours), _median(theirs), ratio)


def require(*names: str) -> None:
    for name in names:
        if not _binary(name):
            raise ToolMissing(f"{name} is not installed; on Debian and Ubuntu: sudo apt-get install {name}")


@contextmanager
def nginx(body: bytes, folder: Path) -> Iterator[str]:
    """One nginx worker that serves `/answer.json` from a file; the address."""
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
            yield url
        finally:
            process.terminate()


def _nginx_configuration(port: int, root: Path) -> str:
    scratch = " ".join(
        f'{kind}_temp_path "{root}/{kind}";' for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{"user root;" if os.getuid() == 0 else ""}
daemon off; worker_processes 1; pid "{root}/pid"; error_log "{root}/errors.log";
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10; {scratch}
    server {{ listen 127.0.0.1:{port}; root "{root}"; default_type application/json; }}
}}
"""


def _wrk(url: str, requests: Path, key: str, seconds: int) -> Round:
    command = [_binary("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), url]
    ended = subprocess.run(
        [*command, "--", str(requests), key], capture_output=True, text=True, check=True, timeout=seconds + 30
    )
    outcome = json.loads(ended.stdout.splitlines()[-1])
    if outcome["errors"]:
        raise FailedRequests(f"{outcome['errors']} of {outcome['requests']} failed at {url}")
    per_second = outcome["requests"] / outcome["microseconds"] * 1e6
    return Round(per_second, outcome["p50"] / 1000, outcome["p99"] / 1000)


def _median(rounds: list[Round]) -> Round:
    return Round(*(statistics.median(getattr(r, name) for r in rounds) for name in ("per_second", "p50_ms", "p99_ms")))


def _answer(endpoint: Endpoint, url: str) -> bytes:
    method, path, *body = endpoint.lines[0].split("\t")
    headers = {"X-Environment-Key": endpoint.key} | ({"Content-Type": "application/json"} if body else {})
    answer = httpx.request(method, url + path, content=body[0] if body else None, headers=headers)
    answer.raise_for_status()
    return answer.content


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
