"""The percentage hash: where a list of ids falls between 0 and 100."""

from collections.abc import Sequence

try:
    # The built-in MD5 answers a short text in half the time that OpenSSL's takes through hashlib.
    from _md5 import md5  # type: ignore[import-not-found]  # typeshed leaves it out
except ImportError:  # a Python built without it
    from hashlib import md5

_HIGHEST = 9998


def percentage(ids: Sequence[str]) -> float:
    """The same number in [0, 100) for the same ids, on every SDK and every server."""
    return percentage_of(encoded(",".join(ids)))


def encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # JSON can spell half a surrogate pair; it must still fall somewhere
        return text.encode("utf-8", "surrogatepass")


def percentage_of(joined: bytes) -> float:
    """The same for ids that are encoded and joined by commas already."""
    repeated = joined
    # 9998 of 9998 would be 100: the ids are then repeated until they fall elsewhere.
    while (remainder := int.from_bytes(md5(repeated).digest(), "big") % 9999) == _HIGHEST:  # noqa: S324 -- no secret
        repeated += b"," + joined
    return remainder / _HIGHEST * 100
