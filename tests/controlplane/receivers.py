"""A web server on loopback that keeps what it is sent and answers as it is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.http_servers import serving


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    answer: bytes = b"fine"
    location: str | None = None
    answers: dict[str, object] = field(default_factory=dict)
    """JSON in place of `answer`, by method and path: `GET /user`."""
    requests: list[str] = field(default_factory=list)
    """Methods and whole paths."""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.requests.append(f"{self.command} {self.path}")
            kept.headers.append({name.lower(): value for name, value in self.headers.items()})
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            name = f"{self.command} {self.path.partition('?')[0]}"
            answer = json.dumps(kept.answers[name]).encode() if name in kept.answers else kept.answer
            self.send_response(kept.status)
            if kept.location:
                self.send_header("Location", kept.location)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 -- the names that http.server calls

    with serving(Handler) as port:
        kept.url = f"http://127.0.0.1:{port}/hook"
        yield kept
