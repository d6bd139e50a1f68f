import asyncio
import gzip

import brotli
import pytest
import zstandard

from tests.dataplane.conftest import Serve, publish
from tests.dataplane.snapshots import CLIENT_KEY, SERVER_KEY, feature, snapshot, state
from vexil.dataplane.compression import Compressed, coding_for
from vexil.stores.opening import Stores
from vexil.wire.snapshot import Snapshot

LATER = "2024-06-01T12:00:01+00:00"


def shop(**changes: object) -> Snapshot:
    features = [feature(number, f"feature {number}") for number in range(1, 30)]
    return snapshot(features=features, defaults=[state(number, number, "x" * 40) for number in range(1, 30)], **changes)  # type: ignore[arg-type]


PATHS = [("/api/v1/flags/", CLIENT_KEY), ("/api/v1/environment-document/", SERVER_KEY)]


@pytest.mark.parametrize(("path", "key"), PATHS)
def test_known_answer_is_not_sent_again(serve: Serve, path: str, key: str) -> None:
    client = serve(shop())
    etag = client.get(path, key).headers["etag"]

    conditions = (etag, f'"other", {etag}', etag.removeprefix("W/"), "*")
    again = [client.get(path, key, if_none_match=condition) for condition in conditions]
    other = client.get(path, key, if_none_match='W/"other"')

    assert [(answer.status, answer.body, answer.headers["etag"]) for answer in again] == [(304, b"", etag)] * 4
    assert "x-flagsmith-document-updated-at" not in again[0].headers
    assert (other.status, other.headers["etag"]) == (200, etag)


@pytest.mark.parametrize(("path", "key"), PATHS)
def test_etag_changes_with_the_time_that_streams_tell(serve: Serve, stores: Stores, path: str, key: str) -> None:
    client = serve(shop())
    etag = client.get(path, key).headers["etag"]
    client.close()

    publish(stores, shop(version=2, environment={"updated_at": LATER}))
    answer = serve().get(path, key, if_none_match=etag)

    assert answer.status == 200
    assert answer.headers["etag"] != etag


def test_etag_counts_more_than_the_date(serve: Serve) -> None:
    client = serve(shop())

    answer = client.get(
        "/api/v1/environment-document/",
        SERVER_KEY,
        if_none_match='"other"',
        if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT",
    )

    assert answer.status == 200


DECODERS = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


@pytest.mark.parametrize("coding", DECODERS)
@pytest.mark.parametrize(("path", "key"), [*PATHS, ("/api/v1/identities/?identifier=ann", CLIENT_KEY)])
def test_answers_are_compressed_for_those_who_accept_it(serve: Serve, path: str, key: str, coding: str) -> None:
    client = serve(shop(), enable_gzip_compression=True)

    plain = client.get(path, key)
    compressed = [client.get(path, key, accept_encoding=f"deflate;q=1.0, {coding};q=0.8") for _ in range(2)]

    assert "content-encoding" not in plain.headers
    assert {answer.headers["content-encoding"] for answer in compressed} == {coding}
    assert {DECODERS[coding](answer.body) for answer in compressed} == {plain.body}
    assert plain.headers["vary"].endswith(", Accept-Encoding")
    assert plain.headers["vary"] == compressed[0].headers["vary"]
    assert plain.headers.get("etag") == compressed[0].headers.get("etag")


@pytest.mark.parametrize("coding", DECODERS)
def test_what_is_the_same_for_all_is_compressed_once(coding: str) -> None:
    body = Compressed(b"flag" * 50_000)

    async def ask() -> list[bytes]:
        at_once = await asyncio.gather(*(body.compressed(coding) for _ in range(5)))
        return [*at_once, await body.compressed(coding)]

    forms = asyncio.run(ask())

    assert len({id(form) for form in forms}) == 1
    assert DECODERS[coding](forms[0]) == body.plain


def test_small_answers_and_errors_stay_as_they_are(serve: Serve) -> None:
    client = serve(snapshot(), enable_gzip_compression=True)

    flags = client.get("/api/v1/flags/", CLIENT_KEY, accept_encoding="gzip")
    error = client.get("/api/v1/flags/", accept_encoding="gzip")

    assert (flags.body, flags.headers.get("content-encoding")) == (b"[]", None)
    assert (error.status, error.headers.get("content-encoding")) == (403, None)


def test_nothing_is_compressed_unless_it_is_switched_on(serve: Serve) -> None:
    client = serve(shop())

    answer = client.get("/api/v1/flags/", CLIENT_KEY, accept_encoding="gzip")

    assert (answer.headers.get("content-encoding"), answer.headers["vary"]) == (None, "X_ENVIRONMENT_KEY, Origin")


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP, br", "br"),
        ("br;q=0.5, gzip;q=0.9", "gzip"),
        ("zstd;q=0, br; q=0.000, gzip;q=0.001", "gzip"),
        ("gzip;q=0", None),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("gzip;q=high", None),
        ("gzip;q=nan", None),
        ("gzip;level=9", None),
        ("x-gzipped", None),
        (";;,,=;q", None),
    ],
)
def test_the_client_chooses_the_coding(accept_encoding: str | None, coding: str | None) -> None:
    assert coding_for(accept_encoding) == coding
