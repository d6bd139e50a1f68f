"""A PostgreSQL cluster for tests: made in a temporary folder, on a free loopback port, as a user that is not root."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NEWEST_FIRST = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of a fresh, empty database; the cluster is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vexil-postgresql-"))
    port = _free_port()
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        _run(
            "initdb", "-D", str(folder / "data"), "-U", "vexil", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run("pg_ctl", "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://vexil@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program) or str(_NEWEST_FIRST[0] / program)
    as_other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*as_other, found, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
