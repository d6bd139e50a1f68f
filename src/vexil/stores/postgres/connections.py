"""A small pool of connections, and PostgreSQL's errors as ours.

Whoever lacks a connection opens it himself: no background threads that a fork would lose, and a database that is away
is known at once instead of after a wait in a queue.
"""

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from vexil.stores.unavailable import Unavailable

Connection = psycopg.Connection[tuple[Any, ...]]

_CONNECTIONS_MAX = 16
_WAIT_SECONDS = 2.0
# A dead peer is noticed within seconds, also in the middle of a statement; the URL may say otherwise.
_PARAMETERS: dict[str, int | str] = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "application_name": "vexil",
}
_UNAVAILABLE = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)


@contextmanager
def translating() -> Iterator[None]:
    try:
        yield
    except _UNAVAILABLE as error:
        raise Unavailable(f"PostgreSQL: {str(error).strip()}") from error


class Connections:
    """Lends connections in autocommit mode. A forked child starts afresh with connections of its own."""

    def __init__(self, database_url: str) -> None:
        given = conninfo_to_dict(database_url)
        self._conninfo = make_conninfo(database_url, **{k: v for k, v in _PARAMETERS.items() if k not in given})
        self._inherited: list[object] = []
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._process_id = os.getpid()
        self._free = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        self._idle: list[Connection] = []

    def connect(self) -> Connection:
        """A connection outside the pool; whoever asks for it closes it."""
        return psycopg.connect(self._conninfo, autocommit=True)

    @contextmanager
    def lending(self) -> Iterator[Connection]:
        """A connection for a few statements, `Unavailable` if there is none to be had."""
        if self._process_id != os.getpid():
            # The parent goes on using its connections; here they must be neither used nor closed.
            self._inherited.append(self._idle)
            self._start_afresh()
        free, idle = self._free, self._idle
        if not free.acquire(timeout=_WAIT_SECONDS):
            raise Unavailable(f"PostgreSQL: all {_CONNECTIONS_MAX} connections have been in use for {_WAIT_SECONDS} s.")
        try:
            with translating():
                connection = _live(idle) or self.connect()
                try:
                    yield connection
                finally:
                    _give_back(connection, idle)
        finally:
            free.release()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; its statements see what was committed before each of them."""
        with self.lending() as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Close the idle connections; nobody may be using one."""
        if self._process_id == os.getpid():
            while self._idle:
                self._idle.pop().close()


def _live(idle: list[Connection]) -> Connection | None:
    """The connection used last, closing those that the server has closed: their sockets have an end to read."""
    while True:
        try:
            connection = idle.pop()
        except IndexError:
            return None
        look = select.poll()
        look.register(connection.fileno(), select.POLLIN)
        if not look.poll(0):
            return connection
        connection.close()


def _give_back(connection: Connection, idle: list[Connection]) -> None:
    if connection.info.transaction_status == TransactionStatus.IDLE:
        idle.append(connection)
    else:
        connection.close()
