import pytest

from vexil.engine import evaluate, percentage

ENVIRONMENT = {"key": "env", "name": "Production"}


def make_feature(name: str = "banner", **fields: object) -> dict[str, object]:
    return {"key": "1", "name": name, "enabled": True, "value": "default", **fields}


def make_segment(name: str, *overrides: dict[str, object], matches: bool = True, **fields: object) -> dict[str, object]:
    condition = {"property": "$.environment.name", "operator": "EQUAL", "value": "Production" if matches else "Test"}
    rules = [{"type": "ALL", "conditions": [condition]}]
    return {"key": name, "name": name, "rules": rules, "overrides": list(overrides), **fields}


def make_context(*segments: dict[str, object], **fields: object) -> dict[str, object]:
    return {
        "environment": ENVIRONMENT,
        "identity": {"identifier": "alice"},
        "features": {"banner": make_feature()},
        "segments": {str(segment["key"]): segment for segment in segments},
        **fields,
    }


def make_flag(**fields: object) -> dict[str, object]:
    return {
        "name": "banner", "enabled": True, "value": "default", "reason": "DEFAULT", "variant": None, **fields,
    }  # fmt: skip


def flag_of(context: dict[str, object]) -> object:
    return evaluate(context)["flags"]["banner"]


@pytest.mark.parametrize("absent", [{}, {"features": None, "segments": None, "identity": None}, {"features": {}}])
def test_context_with_nothing_in_it_gives_nothing(absent: dict[str, object]) -> None:
    assert evaluate({"environment": ENVIRONMENT, **absent}) == {"flags": {}, "segments": []}


def test_default_is_given_where_no_segment_matches() -> None:
    context = make_context(make_segment("test", make_feature(value="override"), matches=False))

    assert evaluate(context) == {"flags": {"banner": make_flag()}, "segments": []}


def test_override_of_a_matching_segment_is_named_in_the_reason() -> None:
    context = make_context(make_segment("live", make_feature(value="override", enabled=False)))

    assert evaluate(context) == {
        "flags": {"banner": make_flag(value="override", enabled=False, reason="TARGETING_MATCH; segment=live")},
        "segments": [{"name": "live"}],
    }


@pytest.mark.parametrize(
    ("priorities", "winner"),
    [((1, 0), "b"), ((0, 1), "a"), ((5, 5), "a"), ((None, 99), "b"), ((None, None), "a"), ((0, float("-inf")), "b")],
)
def test_lowest_priority_wins_and_the_first_segment_on_a_tie(priorities: tuple[object, object], winner: str) -> None:
    first, second = ({} if priority is None else {"priority": priority} for priority in priorities)

    context = make_context(
        make_segment("a", make_feature(value="a", **first)), make_segment("b", make_feature(value="b", **second))
    )

    assert flag_of(context) == make_flag(value=winner, reason=f"TARGETING_MATCH; segment={winner}")


def test_override_of_an_unknown_feature_is_ignored() -> None:
    context = make_context(make_segment("live", make_feature("elsewhere", value="override")))

    assert evaluate(context)["flags"] == {"banner": make_flag()}


def test_metadata_is_that_of_the_winner_and_left_out_if_empty() -> None:
    feature = make_feature(metadata={"id": 1})
    live = make_segment("live", make_feature(metadata={"id": 2}), metadata={"source": "api"})
    bare = make_segment("bare", make_feature(metadata={}, priority=0), metadata={})

    both, one = (make_context(*segments, features={"banner": feature}) for segments in ([live, bare], [live]))

    assert evaluate(one)["flags"]["banner"]["metadata"] == {"id": 2}
    assert "metadata" not in evaluate(both)["flags"]["banner"]
    assert evaluate(both)["segments"] == [{"name": "live", "metadata": {"source": "api"}}, {"name": "bare"}]


@pytest.mark.parametrize(("weight", "text"), [(100, "100"), (100.0, "100.0"), (154.54, "154.54")])
def test_variant_gives_its_weight_as_the_reason(weight: float, text: str) -> None:
    variants = [{"value": "one", "weight": weight, "priority": 1, "key": "first"}]

    context = make_context(features={"banner": make_feature(variants=variants)})

    assert flag_of(context) == make_flag(value="one", reason=f"SPLIT; weight={text}", variant="first")


def test_variant_without_a_key_is_null_and_none_chosen_is_control() -> None:
    def context(weight: int) -> dict[str, object]:
        variants = [{"value": "one", "weight": weight, "priority": 1}]
        return make_context(features={"banner": make_feature(variants=variants)})

    assert flag_of(context(100)) == make_flag(value="one", reason="SPLIT; weight=100")
    assert flag_of(context(0)) == make_flag(variant="control")


def test_variants_are_walked_in_ascending_priority() -> None:
    value = percentage(["1", "env_alice"])
    variants = [
        {"value": name, "weight": value + 1, "priority": rank} for name, rank in [("late", 2**100), ("early", 3)]
    ]

    context = make_context(features={"banner": make_feature(variants=variants)})

    assert flag_of(context) == make_flag(value="early", reason=f"SPLIT; weight={value + 1}")


def test_without_an_identity_the_control_value_is_given_without_a_variant() -> None:
    variants = [{"value": "one", "weight": 100, "priority": 1, "key": "first"}]

    context = make_context(features={"banner": make_feature(variants=variants)}, identity=None)

    assert flag_of(context) == make_flag()


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ({"identifier": "alice"}, "env_alice"),
        ({"identifier": "alice", "key": ""}, "env_alice"),
        ({"identifier": "alice", "key": None}, "env_alice"),
        ({"identifier": "alice", "key": "42"}, "42"),
    ],
)
def test_identity_key_is_derived_where_it_is_absent_or_empty(identity: dict[str, object], key: str) -> None:
    value = percentage(["1", key])
    variants = [{"value": "below", "weight": value, "priority": 1}, {"value": "at", "weight": 0.01, "priority": 2}]

    context = make_context(features={"banner": make_feature(variants=variants)}, identity=identity)

    assert flag_of(context) == make_flag(value="at", reason="SPLIT; weight=0.01")


def test_numbers_and_booleans_as_condition_values_count_as_their_text() -> None:
    conditions = [{"property": "age", "operator": "EQUAL", "value": 5}, {"operator": "IS_NOT_SET"}]
    segment = {"key": "1", "name": "five", "rules": [{"type": "ALL", "conditions": conditions, "rules": None}]}

    context = make_context(segment, identity={"identifier": "alice", "traits": {"age": 5}})

    assert evaluate(context)["segments"] == [{"name": "five"}]


def test_evaluation_leaves_the_context_as_it_was() -> None:
    context = make_context(make_segment("live"))

    evaluate(context)

    assert context == make_context(make_segment("live"))
