"""Answers that are the same for all who ask until the environment changes: finished bytes and finished headers."""

from hashlib import blake2b

from vexil.dataplane.compression import Compressed
from vexil.dataplane.rsgi import Response
from vexil.wire.headers import Headers
from vexil.wire.json_text import Text


class Finished(Compressed):
    """A body with its ETag. The ETag covers `updated_at` too, so that who gets a 304 knows that time already."""

    __slots__ = ("etag", "headers", "unchanged")

    def __init__(self, body: Text, updated_at_text: str, last_modified: str | None = None) -> None:
        super().__init__(body)
        digest = blake2b(body, digest_size=12, key=updated_at_text.encode()).hexdigest()
        # Weak: the compressed form of the same bytes has the same ETag.
        self.etag = f'W/"{digest}"'
        conditions: Headers = (("ETag", self.etag),)
        if last_modified:
            conditions = (("Last-Modified", last_modified), *conditions)
        self.headers: Headers = (
            ("Content-Type", "application/json"),
            ("X-Flagsmith-Document-Updated-At", updated_at_text),
            *conditions,
        )
        self.unchanged = Response(304, conditions)

    def whole(self) -> Response:
        # Made each time: kept here it would form a circle, and the environment that it is part of would stay in memory.
        return Response(200, self.headers, self.plain, None, self)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the client has this very answer already (RFC 9110 §13.1.2)."""
    if if_none_match == etag:
        return True
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known
