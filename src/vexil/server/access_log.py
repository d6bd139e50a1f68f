"""A line for each request, where that is wanted: in a format as Gunicorn and Apache know it, or as JSON.

A request that is logged takes the whole way, since its line takes longer than a short one saves.
"""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from vexil.config import ConfigError
from vexil.dataplane.rsgi import Scope
from vexil.monitoring import Monitoring
from vexil.server.noticing import NoticedStream
from vexil.wire import json_text

_NOWHERE = ("", os.devnull)
_ABSENT = "-"


class _Atoms(dict[str, object]):
    """What a format may name: an absent one is a hyphen."""

    def __missing__(self, name: str) -> str:
        return _ABSENT


def opened(config: Monitoring) -> "AccessLog | None":
    """In each process; None where there is to be no log; raise `ConfigError`."""
    if config.access_log in _NOWHERE:
        return None
    file = sys.stdout if config.access_log == "-" else _opened(config.access_log)
    line = _json_line(config.access_log_extras) if config.log_format == "json" else _text_line(config.access_log_format)
    return AccessLog(file, line)


def _opened(path: str) -> IO[str]:
    try:
        # A line at a time, so that those of several processes do not mix.
        return open(path, "a", buffering=1, encoding="utf-8")  # noqa: PTH123 -- open as long as the process lives
    except OSError as error:
        raise ConfigError(f"ACCESS_LOG_LOCATION {path} cannot be written: {error.strerror}.") from None


class AccessLog:
    def __init__(self, file: IO[str], line: Callable[[Mapping[str, object]], str]) -> None:
        self._file = file
        self._line = line

    def __call__(self, scope: Scope, noticed: NoticedStream) -> None:
        """Write the line of a request that is over."""
        self._file.write(self._line(_atoms(scope, noticed)) + "\n")
        self._file.flush()


def _text_line(line_format: str) -> Callable[[Mapping[str, object]], str]:
    def line(atoms: Mapping[str, object]) -> str:
        return line_format % _Atoms((name, _quotable(value)) for name, value in atoms.items())

    return line


def _quotable(value: object) -> object:
    """What a stranger sent must not end the quotes around it."""
    return value.replace('"', '\\"') if isinstance(value, str) else value


def _json_line(extras: tuple[str, ...]) -> Callable[[Mapping[str, object]], str]:
    def line(atoms: Mapping[str, Any]) -> str:
        query = f"?{atoms['q']}" if atoms["q"] else ""
        told = {
            "message": atoms["r"],
            "levelname": "INFO",
            "logger_name": "vexil.access",
            "pid": os.getpid(),
            "thread_name": threading.current_thread().name,
            "timestamp": atoms["time"],
            "time": atoms["time"],
            "method": atoms["m"],
            "path": f"{atoms['U']}{query}",
            "route": atoms["{flagsmith.route}e"],
            "status": str(atoms["s"]),
            "remote_ip": atoms["h"],
            "user_agent": atoms["a"],
            "duration_in_ms": atoms["M"],
            "response_size_in_bytes": atoms["B"],
        }
        return json_text.dumps(told | {item: atoms[item] for item in extras}).decode()

    return line


def _atoms(scope: Scope, noticed: NoticedStream) -> _Atoms:
    """By Gunicorn's names of them."""
    now, headers = datetime.now(UTC), scope.headers
    query = f"?{scope.query_string}" if scope.query_string else ""
    microseconds = round(noticed.seconds * 1e6)
    return _Atoms(
        {
            "h": scope.client.rpartition(":")[0] or _ABSENT,
            "t": f"[{now:%d/%b/%Y:%H:%M:%S %z}]",
            "time": now.isoformat(),
            "r": f"{scope.method} {scope.path}{query} HTTP/1.1",
            "m": scope.method,
            "U": scope.path,
            "q": scope.query_string,
            "H": "HTTP/1.1",
            "s": noticed.status,
            "B": noticed.body_bytes,
            "b": noticed.body_bytes or _ABSENT,
            "f": headers.get("referer", _ABSENT),
            "a": headers.get("user-agent", _ABSENT),
            "T": round(noticed.seconds),
            "M": microseconds // 1000,
            "D": microseconds,
            "L": f"{noticed.seconds:.6f}",
            "p": f"<{os.getpid()}>",
            "{flagsmith.route}e": noticed.route or _ABSENT,
        }
        | {f"{{{name}}}i": value for name, value in headers.items()}
        | {f"{{{name.lower()}}}o": value for name, value in noticed.headers}
    )
