"""Bodies that web forms send, as the objects that they stand for."""

import re
from collections import defaultdict
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import parse_qsl

from vexil.dataplane import errors

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_FIELDS_MAX = 1_000
_PART_HEAD_BYTES_MAX = 4_096
_ITEM = re.compile(r"(?P<list>[^.\[\]]+)\[(?P<position>[0-9]{1,6})\]\.?(?P<field>.+)")


def urlencoded(body: bytes) -> dict[str, Any]:
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise errors.malformed_body(f"Form parse error - more than {_FIELDS_MAX} fields", URLENCODED) from None
    return _nested(dict(fields))


def multipart(body: bytes, content_type: str) -> dict[str, Any]:
    """Without the standard library's parser, which takes a minute for 6 MB of very small parts."""
    boundary = _headers(b"Content-Type: " + content_type.encode("latin-1", "replace")).get_boundary()
    if not boundary:
        raise errors.malformed_body("Multipart form parse error - Invalid boundary in multipart: None", MULTIPART)
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    _, *parts = (b"\r\n" + body).split(delimiter, _FIELDS_MAX + 1)
    if len(parts) > _FIELDS_MAX:
        raise errors.malformed_body(f"Multipart form parse error - more than {_FIELDS_MAX} parts", MULTIPART)
    fields = {}
    for part in parts:
        if part.startswith(b"--"):
            break
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _headers(head.lstrip()).get_param("name", header="content-disposition") if blank else None
        if isinstance(name, str):
            fields[name] = content.decode("utf-8", "replace")
    return _nested(fields)


def _headers(head: bytes) -> Message:
    return BytesHeaderParser().parsebytes(head[:_PART_HEAD_BYTES_MAX])


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    """Names say what JSON would nest: `identity.identifier`, and `traits[0]trait_key`."""
    objects: defaultdict[str, dict[str, str]] = defaultdict(dict)
    lists: defaultdict[str, defaultdict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    plain = {}
    for name, text in fields.items():
        outer, dot, inner = name.partition(".")
        if item := _ITEM.fullmatch(name):
            lists[item["list"]][int(item["position"])][item["field"]] = text
        elif dot:
            objects[outer][inner] = text
        else:
            plain[name] = text
    listed = {name: [found[position] for position in sorted(found)] for name, found in lists.items()}
    return {**plain, **objects, **listed}
