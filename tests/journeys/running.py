"""A `vexil serve` of its own: a subprocess on a free port, ended by its own process id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

import httpx

from tests.databases import PostgresCluster

VEXIL = str(Path(sys.executable).with_name("vexil"))
READY_SECONDS = 30.0
UNTHROTTLED = {
    f"{scope}_THROTTLE_RATE": "none"
    for scope in ("USER", "MASTER_API_KEY", "LOGIN", "MFA_CODE", "SIGNUP", "INVITE", "INFLUX_QUERY")
}
"""Tests send more than people do; those about throttles give their own rates."""


_migrating = threading.Lock()
"""Servers are started in threads, too."""


@cache
def _migrated_folder() -> Path:
    """SQLite databases as `vexil migrate` leaves them, to be copied by each server."""
    folder = Path(tempfile.mkdtemp(prefix="vexil-migrated-"))
    subprocess.run([VEXIL, "migrate", "--data-dir", str(folder)], env=environment(), check=True, capture_output=True)
    return folder


@cache
def _migrated_database(cluster: PostgresCluster) -> str:
    url = cluster.new_database()
    subprocess.run([VEXIL, "migrate"], env=environment(url), check=True, capture_output=True, cwd=tempfile.gettempdir())
    return url.rpartition("/")[2]


def new_migrated_database(cluster: PostgresCluster) -> str:
    """The URL of a database of one's own with all tables and no rows."""
    with _migrating:
        return cluster.new_database(like=_migrated_database(cluster))


class NotReady(Exception):
    """The server ended, or did not answer in time; carries what it wrote."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database_url: str | None = None, **settings: str) -> dict[str, str]:
    """What a clean shell would give the server, and the settings named."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | UNTHROTTLED | ({"DATABASE_URL": database_url} if database_url else {}) | settings


class Server:
    """Start one with `start`; `folder` holds its data and its log. On SQLite it finds its tables made."""

    def __init__(
        self, folder: Path, *, database_url: str | None = None, workers: int = 1, role: str = "all", **settings: str
    ) -> None:
        self.folder, self.workers, self.role = folder, workers, role
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/api/v1/"
        self.log = folder / "server.log"
        self.database_url = database_url
        self._environment = environment(database_url, **settings)
        allowed = settings.get("DJANGO_ALLOWED_HOSTS", "").partition(",")[0]
        self._host = {"Host": allowed} if allowed else {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    def start(self) -> "Server":
        data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.database_url is None and not data.exists():
            with _migrating:
                shutil.copytree(_migrated_folder(), data)
        command = [VEXIL, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--data-dir", str(data), "--workers", str(self.workers)]
        command += ["--role", self.role]
        with self.log.open("ab") as log:
            # A session of its own, so that `kill` reaches the workers and nothing else.
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_ready()
        return self

    def stop(self, seconds: float = 20.0) -> int:
        """End it as an operator would; the exit status."""
        process = self._process
        assert process, "not started"
        if process.poll() is None:
            process.terminate()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        process = self._process
        if process and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def written(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _wait_until_ready(self) -> None:
        assert self._process
        give_up_at = time.monotonic() + READY_SECONDS
        while time.monotonic() < give_up_at:
            if self._process.poll() is not None:
                raise NotReady(f"vexil serve ended with {self._process.returncode}:\n{self.written()[-3000:]}")
            try:
                if httpx.get(f"{self.url}/health", headers=self._host, timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        self.kill()
        raise NotReady(f"vexil serve did not answer in {READY_SECONDS:.0f} s:\n{self.written()[-3000:]}")
