"""Answers that are the same for all who ask until the environment changes: finished bytes with what goes with them."""

from hashlib import blake2b

from vexil.dataplane.compression import Compressed


class Finished(Compressed):
    """A body with its ETag. The ETag covers `updated_at` too, so that who gets a 304 knows that time already."""

    __slots__ = ("etag",)

    def __init__(self, body: bytes, updated_at: str) -> None:
        super().__init__(body)
        digest = blake2b(body, digest_size=12, key=updated_at.encode()).hexdigest()
        # Weak: the compressed form of the same bytes has the same ETag.
        self.etag = f'W/"{digest}"'


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the client has this very answer already (RFC 9110 §13.1.2)."""
    if if_none_match == etag:
        return True
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known
