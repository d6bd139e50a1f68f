"""What may stand in front of a server, played by small ones on free ports."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

from tests.http_servers import serving


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes = b""


Respond = Callable[[str, dict[str, str]], Reply]
"""From path and headers (names in lower case) to what is answered."""


@contextmanager
def front(respond: Respond, certificate: Path | None = None) -> Iterator[int]:
    """The port of a server that answers so; over TLS with a certificate, which holds its key, too."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = respond(self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response_only(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

    with serving(Handler, certificate=certificate) as port:
        yield port


def always(status: int, **headers: str) -> Respond:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _path, _headers: Reply(status, named)


def passing_on(port: int, *, without: str = "", **added: str) -> Respond:
    """A proxy before a server on this port; it may lose a header of requests, and add some to answers."""

    def respond(path: str, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        sent = {name: value for name, value in headers.items() if name != without}
        connection.request("GET", path, headers=sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_CONNECTION}
        return Reply(answer.status, {**kept, **{name.replace("_", "-"): value for name, value in added.items()}}, body)

    return respond


_OF_CONNECTION = {"content-length", "transfer-encoding", "connection"}
