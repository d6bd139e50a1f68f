"""What is read in one go means what it means when every case is looked at."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vexil.dataplane import bodies, forms, typical
from vexil.dataplane.errors import Refusal
from vexil.dataplane.forms import GivenIdentity, GivenTrait

TEXTS = st.one_of(
    st.text(max_size=5), st.sampled_from(["", " ", " a", "a\u00a0", "\0", "x" * 200, "x" * 201, "x" * 2001])
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    TEXTS,
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 1.0, 0.0, -0.0, [], {}, [1]]),
)
TRAITS = st.one_of(
    st.fixed_dictionaries(
        {"trait_key": TEXTS, "trait_value": VALUES}, optional={"transient": st.one_of(st.booleans(), VALUES)}
    ),
    VALUES,
)
BODIES = st.one_of(
    st.fixed_dictionaries(
        {"identifier": st.one_of(TEXTS, VALUES)},
        optional={
            "traits": st.lists(TRAITS, max_size=3),
            "transient": st.one_of(st.booleans(), VALUES),
            "more": VALUES,
        },
    ),
    VALUES,
)


@settings(max_examples=1_000, deadline=None)
@given(BODIES.map(json.dumps))
def test_it_is_read_as_in_every_case(text: str) -> None:
    body = text.encode()

    read = typical.identity(body)

    if read is not None:
        assert repr(read) == repr(forms.identity(bodies.parse(body, "application/json")))


def test_what_sdks_send_is_read_in_one_go() -> None:
    body: dict[str, Any] = {
        "identifier": "kim",
        "traits": [
            {"trait_key": "age", "trait_value": 30},
            {"trait_key": "share", "trait_value": 0.5, "transient": True},
            {"trait_key": "plan", "trait_value": "pro"},
            {"trait_key": "plan", "trait_value": None},
        ],
    }

    read = typical.identity(json.dumps(body).encode())

    traits = [GivenTrait("age", 30, False), GivenTrait("share", 0.5, True), GivenTrait("plan", None, False)]
    assert read == GivenIdentity("kim", {trait.key: trait for trait in traits}, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"identifier": "\\ud800"}', b"[" * 100_000])
def test_what_is_wrong_is_left_to_those_who_say_why(body: bytes) -> None:
    assert typical.identity(body) is None
    if body:
        with pytest.raises(Refusal):
            forms.identity(bodies.parse(body, "application/json"))
