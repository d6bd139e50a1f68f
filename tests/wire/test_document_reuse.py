"""A document made from the one before is the document."""

import random
from typing import Any

import msgspec
import pytest

from tests.dataplane.snapshots import feature, identity, multivariate, override, segment, snapshot, state
from vexil.wire import document, document_reuse
from vexil.wire.snapshot import Allocation, Option, Snapshot, decode, encode


def shop(version: int, generator: random.Random) -> Snapshot:
    """Each of its parts is, from version to version, there or not and the same or another."""
    option = Option(id=1, key="one", value=generator.choice([1, True, "1"]))
    features = [
        feature(7, generator.choice(["a", "ä"])),
        feature(8, "b", is_archived=generator.random() < 0.2),
        multivariate(9, "c", option),
        *([feature(10, "new")] if generator.random() < 0.3 else []),
    ]
    share = (Allocation(id=1, uuid="u", option_id=1, percentage=50.0),)
    segments = [
        segment(40, override(13, 7, "pro", link=5, priority=1), value=generator.choice(["pro", "free"])),
        segment(41, override(14, 8, "x", link=6, priority=None)),
        segment(42),
        segment(43, override(15, 9, 1, link=7, priority=2)),
    ]
    segments[1] = msgspec.structs.replace(segments[1], feature_id=generator.choice([None, 8]))
    identities = [
        identity(501, "ann", state(20, 7, generator.choice([1, True]))),
        identity(502, "bob", state(21, 8, "x")),
        identity(503, "cid", state(22, 9, "x", allocations=share), state(23, 8)),
        identity(504, "dan", state(24, 7)),
    ]
    settings = {"use_identity_overrides_in_local_eval": generator.random() < 0.9}
    if generator.random() < 0.1:
        settings |= {"api_key": f"other-{version}"}  # type: ignore[dict-item]
    return snapshot(
        version=version,
        environment=settings,
        features=features,
        defaults=[state(11, 7, "x"), state(12, 8, version)],
        segments=[one for one in segments if generator.random() < 0.8],
        identity_overrides=[one for one in identities if generator.random() < 0.8],
    )


def test_whatever_changes_the_document_is_what_it_would_be_anew() -> None:
    generator = random.Random(3)
    before: document_reuse.Encoded | None = None

    for version in range(1, 400):
        body = encode(shop(version, generator))
        source = decode(body, before.source if before else None)
        before = document_reuse.encoded(source, before)

        assert encode(source) == body
        assert before.text == document.encoded(decode(body))


def test_what_did_not_change_is_the_same_object() -> None:
    def parts(source: Snapshot) -> list[Any]:
        return [*source.features, *source.defaults, *source.segments, *source.identity_overrides]

    features = [feature(7, "a"), feature(8, "b")]
    first = snapshot(
        features=features,
        defaults=[state(11, 7, 1), state(12, 8, 1)],
        segments=[segment(40), segment(41)],
        identity_overrides=[identity(501, "ann", state(20, 7, 1)), identity(503, "cid", state(22, 7, 1))],
    )
    second = msgspec.structs.replace(
        first,
        defaults=[state(11, 7, True), state(12, 8, 1)],
        segments=[segment(41)],
        identity_overrides=[first.identity_overrides[0], identity(502, "bob"), first.identity_overrides[1]],
    )

    before = decode(encode(first))
    after = decode(encode(second), before)

    kept = {id(part) for part in parts(before)}
    assert [part for part in parts(after) if id(part) not in kept] == [state(11, 7, True), identity(502, "bob")]
    assert parts(after) == parts(second)


def test_a_large_snapshot_is_read_in_pieces() -> None:
    tricky = '"identity_overrides":[{"identity_id":1},{"identity_id":'
    states = [state(number, 7, f"{tricky} {number}" * 20) for number in range(1, 1500)]
    source = snapshot(
        features=[feature(7, tricky)],
        identity_overrides=[identity(one.id, f"{tricky}{one.id}", one) for one in states],
    )
    body = encode(source)

    assert len(body) > 1_000_000
    assert decode(body) == source
    assert decode(body, source) == source
    with pytest.raises(msgspec.DecodeError):
        decode(body[:-1000])
