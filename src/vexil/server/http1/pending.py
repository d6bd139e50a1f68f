"""A request on a shortcut whose answer takes a wait."""

from collections.abc import Awaitable
from typing import Protocol

from vexil.dataplane.rsgi import Finished
from vexil.server.http1 import answers
from vexil.wire.headers import Headers
from vexil.wire.json_text import Text


class Wire(Protocol):
    """What it needs of its connection."""

    is_ending: bool

    def head(self, status: int, headers: Headers, *more: bytes) -> bytes: ...
    def send(self, pieces: list[Text]) -> None: ...


_FAILED: Finished = (500, (), b"")


class Pending:
    """To its connection it is an exchange whose body was read."""

    __slots__ = ("_connection", "_finished")
    body = None
    is_last = False

    def __init__(self, connection: Wire) -> None:
        self._connection = connection
        self._finished = _FAILED

    async def wait_for(self, answer: Awaitable[Finished]) -> None:
        self._finished = await answer

    def finish(self) -> None:
        status, headers, body = self._finished
        persistence = answers.CLOSE if self._connection.is_ending else b""
        head = self._connection.head(status, headers, answers.framing(status, body), persistence)
        self._connection.send([head, body] if body else [head])

    def cut_off(self) -> None:
        """The answer comes all the same: what it waits for is done for others, too."""
