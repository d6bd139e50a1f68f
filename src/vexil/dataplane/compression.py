"""Answers compressed for clients that accept it, where `ENABLE_GZIP_COMPRESSION` is on.

What is the same for all is compressed once, when first asked for; an identity's answer each time, if it is worth it.
"""

import asyncio
import gzip
import re
from typing import Protocol

BYTES_MIN = 1000
_INLINE_BYTES_MAX = 100_000
"""Beyond it compressing takes more than about a millisecond and is done in a thread (zlib lets the loop go on)."""
_LEVEL_ONCE = 6
_LEVEL_EACH_TIME = 1
_REFUSED = re.compile(r"q=0(\.0*)?", re.ASCII)


class Compressible(Protocol):
    async def gzipped(self) -> bytes: ...


class Compressed:
    """Bytes and, once asked for, their compressed form."""

    __slots__ = ("_gzipped", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._gzipped: bytes | None = None

    async def gzipped(self) -> bytes:
        if self._gzipped is None:
            self._gzipped = await _gzip(self.plain, _LEVEL_ONCE)
        return self._gzipped


def accepts_gzip(accept_encoding: str | None) -> bool:
    if accept_encoding is None or "gzip" not in accept_encoding:
        return False
    for coding in accept_encoding.split(","):
        name, _, quality = coding.partition(";")
        if name.strip() == "gzip":
            return not _REFUSED.fullmatch(quality.strip())
    return False


async def gzipped(body: bytes) -> bytes:
    """Of an answer that is given once."""
    return await _gzip(body, _LEVEL_EACH_TIME)


async def _gzip(body: bytes, level: int) -> bytes:
    if len(body) <= _INLINE_BYTES_MAX:
        return gzip.compress(body, level, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, level, mtime=0)
