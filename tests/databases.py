"""PostgreSQL clusters and Redis servers for tests: started on free loopback ports, gone afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg

POSTGRES_ABSENT = (
    "PostgreSQL is not installed: `apt-get install postgresql` (or brew install postgresql), then run again"
)
REDIS_ABSENT = "Redis is not installed: `apt-get install redis-server` (or brew install redis), then run again"

_INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
# Knows letters beyond ASCII. In the environment, because `initdb` heeds LC_ALL more than its own `--locale`.
_LOCALE = "C.UTF-8"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def postgres_binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; Debian keeps them out of PATH. The newest version wins."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class PostgresCluster:
    """A PostgreSQL server with its files in a temporary folder. `stop` may be followed by `start` again."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="vexil-pg-"))
        self._user = _unprivileged_user()
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._numbers = count(1)
        self.port = free_port()
        self._run(
            "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "-D", str(self._folder / "data")
        )

    def start(self) -> None:
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-l", log, "-o", options, "-w", "-t", "30", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` disconnects everybody; `immediate` is a crash."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", mode, "-w", "-t", "30", "stop")

    def pause(self) -> None:
        """Neither answer nor close a connection, as a paused container or a lost network does; `resume` ends it."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        main = (self._folder / "data" / "postmaster.pid").read_text().split("\n")[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *children):
            os.kill(int(process), number)

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):  # It may be stopped already.
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, like: str = "template1") -> str:
        """The URL of a database that nobody else uses: empty, or a copy of one to which nobody is connected."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        # To a file, not a pipe: the server inherits it, and a pipe would stay open until the server ends.
        with tempfile.TemporaryFile("w+") as output:
            command = [str(self._binaries / program), *arguments]
            ended = subprocess.run(
                command,
                user=self._user,
                cwd=self._folder,
                env={**os.environ, "LC_ALL": _LOCALE},
                stdout=output,
                stderr=output,
                timeout=60,
                check=False,
            )
            output.seek(0)
            if ended.returncode:
                raise subprocess.CalledProcessError(ended.returncode, command, output.read())


def _unprivileged_user() -> str | None:
    """Whom to run PostgreSQL as when we are root, which it refuses."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class RedisServer:
    """A Redis server that keeps nothing on disk."""

    def __init__(self, binary: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir()
        )
        self._wait_until_it_listens()

    def _wait_until_it_listens(self) -> None:
        give_up_at = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > give_up_at or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


def redis_binary() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")
