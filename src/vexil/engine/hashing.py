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
    text = once = ",".join(ids)
    # 9998 of 9998 would be 100: the ids are then repeated until they fall elsewhere.
    while (remainder := _md5_number(text) % 9999) == _HIGHEST:
        text = f"{text},{once}"
    return remainder / _HIGHEST * 100


def _md5_number(text: str) -> int:
    try:
        return int.from_bytes(md5(text.encode()).digest(), "big")  # noqa: S324 -- buckets, not secrets
    except UnicodeEncodeError:  # JSON can spell half a surrogate pair; it must still get a bucket
        return int.from_bytes(md5(text.encode("utf-8", "surrogatepass")).digest(), "big")  # noqa: S324
