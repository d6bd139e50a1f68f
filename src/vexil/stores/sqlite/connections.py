"""One connection per thread, and SQLite's errors as ours."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from vexil.stores.unavailable import Unavailable

_BUSY_MILLISECONDS = 5000

_UNAVAILABLE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}


class _Translating:
    """`with translating:` turns what the disk or a lock causes into `Unavailable`. Cheaper than a generator."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.Error) and _primary_code(error) in _UNAVAILABLE_CODES:
            raise Unavailable(f"SQLite: {error}") from error


translating = _Translating()


def _primary_code(error: sqlite3.Error) -> int | None:
    # Python's own errors, such as those about a closed connection, carry no code.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def connect(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    """Open the file; only `migrate` may create it, so that a missing file is an error and not an empty store."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_MILLISECONDS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous=FULL")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    return connection


def use_wal(connection: sqlite3.Connection) -> None:
    # Switching to WAL answers "locked" at once, whatever the busy timeout, while another process does the same.
    give_up_at = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)


class Connections:
    """Opens a connection when a thread first asks. A forked child starts afresh, as SQLite demands."""

    def __init__(self, path: Path, open_file: Callable[[Path], sqlite3.Connection] = connect) -> None:
        self.path = path
        self._open_file = open_file
        self._inherited: list[object] = []
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._process_id = os.getpid()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []

    def get(self) -> sqlite3.Connection:
        """This thread's connection."""
        if self._process_id != os.getpid():
            # Closing the parent's connections here would release locks that it relies on: they are only kept.
            self._inherited.append((self._local, self._open))
            self._start_afresh()
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        return connection or self._add()

    def _add(self) -> sqlite3.Connection:
        connection = self._open_file(self.path)
        self._local.connection = connection
        with self._lock:
            for thread, left_behind in self._open:
                if not thread.is_alive():
                    left_behind.close()
            self._open = [entry for entry in self._open if entry[0].is_alive()]
            self._open.append((threading.current_thread(), connection))
        return connection

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """One view of the data for several statements."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so that what it reads stays true."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with translating:
            connection = self.get()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close every thread's connection; no other thread may be using one."""
        if self._process_id != os.getpid():
            return
        with self._lock:
            for _, connection in self._open:
                connection.close()
            self._open = []
        self._local = threading.local()
