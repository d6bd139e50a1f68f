"""Heads of requests, read beside h11: whatever is accepted here means the same there."""

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vexil.server.http1.heads import BadRequest, KnownFields, request_line

NAMES = st.sampled_from(
    [b"Host", b"host", b"Content-Length", b"Transfer-Encoding", b"X-A", b"x-a", b"Connection", b"", b"A B", b"X\xff"]
)
VALUES = st.one_of(
    st.sampled_from([b"h", b"3", b"0", b"chunked", b"Chunked", b"identity", b"close", b"", b"1, 1", b"+1", b"a\tb"]),
    st.binary(max_size=6),
)
SEPARATORS = st.sampled_from([b": ", b":", b" : ", b":\t ", b" ", b""])
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n ", b" \r\n"])
BLOCKS = st.lists(st.tuples(NAMES, SEPARATORS, VALUES, ENDS).map(b"".join), max_size=5).map(b"".join)
LINES = st.one_of(
    st.sampled_from(
        [b"GET / HTTP/1.1", b"POST /a?b HTTP/1.1", b"G\0T / HTTP/1.1", b"GET / HTTP/1.2", b" GET / HTTP/1.1"]
    ),
    st.binary(max_size=20),
)


@settings(max_examples=1_000, deadline=None)
@given(LINES, BLOCKS)
def test_what_is_accepted_means_the_same_to_another_parser(line: bytes, block: bytes) -> None:
    try:
        read, fields = request_line(line), KnownFields().read(block)
    except BadRequest:
        return
    if not fields.has_host or b"\r\n\r\n" in block:
        return  # Refused, or cut off earlier, by the connection.

    connection = h11.Connection(h11.SERVER)
    connection.receive_data(line + b"\r\n" + block + b"\r\n")
    request = connection.next_event()

    assert isinstance(request, h11.Request)
    target = request.target.decode()
    assert (request.method.decode(), target.endswith(read.query_string)) == (read.method, True)
    names = {name.decode(): value for name, value in request.headers}
    assert set(fields.values) == set(names)
    after = connection.next_event()
    has_body = fields.body_bytes is None or fields.body_bytes > 0
    assert (after is h11.NEED_DATA) == has_body


def test_a_block_of_fields_is_found_again_and_forgotten_when_there_are_too_many() -> None:
    known = KnownFields()
    first = known.read(b"Host: first\r\n")

    again = known.read(b"Host: first\r\n")
    for number in range(2_000):
        known.read(b"Host: %d\r\n" % number)

    assert again is first
    assert known.read(b"Host: first\r\n") == first
    assert known.read(b"Host: first\r\n") is not first


def test_a_refused_block_is_refused_again() -> None:
    known = KnownFields()

    for _ in range(2):
        with pytest.raises(BadRequest):
            known.read(b"Content-Length: a\r\n")
