"""An explanation says what was evaluated: never another value, and the condition that decided."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.engine import strategies
from tests.engine.examples import make_subject
from vexil import engine
from vexil.engine import Subject, compile_segment, explain_flag, explain_rules, explain_segment, percentage
from vexil.engine.explain import ConditionTrace
from vexil.wire.snapshot import Condition, Rule

GOLD = Condition("EQUAL", "plan", "gold")
ADULT = Condition("GREATER_THAN_INCLUSIVE", "age", "18")
HALF = Condition("PERCENTAGE_SPLIT", "", "50")


def rule_of(rule: dict[str, Any]) -> Rule:
    conditions = [
        Condition(condition["operator"], condition["property"], condition["value"])
        for condition in rule.get("conditions", ())
    ]
    return Rule(rule["type"], conditions, [rule_of(sub_rule) for sub_rule in rule.get("rules", ())])


@given(strategies.contexts)
def test_segments_are_explained_as_they_are_evaluated(context: dict[str, Any]) -> None:
    subject = Subject.of_context({**context, "identity": {"key": "env_kim", **(context.get("identity") or {})}})

    for segment in context["segments"].values():
        rules = [rule_of(rule) for rule in segment["rules"]]
        trace = explain_segment(segment["key"], rules, subject)
        assert trace.is_matched == compile_segment(segment["key"], rules)(subject)
        if trace.deciding:
            condition = engine.compile_segment(segment["key"], [Rule("ALL", [trace.deciding.condition])])
            assert trace.deciding.is_met == condition(subject)


@given(st.data())
def test_the_deciding_condition_turned_round_can_turn_the_segment(data: st.DataObject) -> None:
    """With one rule of one kind, the verdict follows from the deciding condition alone."""
    kind = data.draw(st.sampled_from(["ALL", "ANY", "NONE"]))
    conditions = [
        Condition(entry["operator"], entry["property"], entry["value"])
        for entry in data.draw(st.lists(strategies.conditions, min_size=1, max_size=4))
    ]
    traits = data.draw(st.fixed_dictionaries({"plan": strategies.trait_values, "age": strategies.trait_values}))
    trace = explain_segment("7", [Rule(kind, conditions)], make_subject(**traits))

    assert trace.deciding is not None
    assert trace.is_matched == (trace.deciding.is_met != (kind == "NONE"))


outcomes = st.builds(
    lambda value, weights, seed: engine.Outcomes(
        value, tuple(engine.Variant(weight, f"{value}-{index}") for index, weight in enumerate(weights)), seed
    ),
    st.text("abc", min_size=1, max_size=3),
    st.lists(st.sampled_from([0.0, 10.0, 30.0, 54.54]), max_size=3),
    st.integers(1, 99).map(str),
)


@given(
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.tuples(outcomes, st.lists(st.tuples(st.integers(0, 2), outcomes), max_size=3)), max_size=4),
    st.dictionaries(st.integers(0, 3), outcomes, max_size=2),
    st.text(max_size=5),
)
def test_flags_are_explained_as_they_are_evaluated(
    memberships: list[bool], features: list[Any], overridden: dict[int, Any], identifier: str
) -> None:
    flags = [
        engine.Flag(default, tuple(engine.Override(segment, outcome) for segment, outcome in overrides))
        for default, overrides in features
    ]
    own = {index: outcome for index, outcome in overridden.items() if index < len(flags)}
    subject = make_subject(identifier=identifier)
    matchers = [lambda _, verdict=verdict: verdict for verdict in memberships]

    traces = [explain_flag(flag, own.get(index), subject, memberships.__getitem__) for index, flag in enumerate(flags)]

    evaluated = engine.Environment(matchers, flags).evaluate(subject, own)
    assert [trace.deciding.outcome for trace in traces] == evaluated
    for index, trace in enumerate(traces):
        assert len(trace.candidates) == len(flags[index].overrides) + 1 + (index in own)


@pytest.mark.parametrize(
    ("rules", "is_matched", "condition", "actual"),
    [
        ([Rule("ALL", [GOLD, ADULT])], False, ADULT, 17),
        ([Rule("ALL", [ADULT, GOLD])], False, ADULT, 17),
        ([Rule("ANY", [ADULT, GOLD])], True, GOLD, "gold"),
        ([Rule("NONE", [ADULT, GOLD])], False, GOLD, "gold"),
        ([Rule("NONE", [ADULT])], True, ADULT, 17),
        ([Rule("ALL", [GOLD]), Rule("ALL", [], [Rule("ANY", [ADULT])])], False, ADULT, 17),
    ],
)
def test_the_condition_that_decided_is_named_with_what_it_saw(
    rules: list[Rule], is_matched: bool, condition: Condition, actual: object
) -> None:
    trace = explain_segment("7", rules, make_subject(plan="gold", age="17"))

    wanted = ConditionTrace(condition, actual, None, is_met=condition is GOLD)  # type: ignore[arg-type]
    assert (trace.is_matched, trace.deciding) == (is_matched, wanted)


def test_a_percentage_split_shows_where_the_identity_falls() -> None:
    trace = explain_segment("7", [Rule("ALL", [HALF])], make_subject(key="env_alice"))

    bucket = percentage(("7", "env_alice"))
    assert trace.deciding == ConditionTrace(HALF, None, bucket, is_met=bucket <= 50)


@pytest.mark.parametrize("rules", [[], [Rule("SOME", [GOLD])]])
def test_a_segment_that_can_never_match_has_no_deciding_condition(rules: list[Rule]) -> None:
    trace = explain_segment("7", rules, make_subject(plan="gold"))

    assert (trace.is_matched, trace.deciding) == (False, None)


def test_rules_nested_beyond_the_stack_are_explained_as_not_matched() -> None:
    rule = Rule("ALL", [GOLD])
    for _ in range(5000):
        rule = Rule("ALL", [], [rule])

    trace = explain_segment("7", [rule], make_subject(plan="gold"))

    assert (trace.is_matched, trace.deciding) == (False, None)


def test_every_rule_and_condition_tells_what_it_saw() -> None:
    rules = [Rule("ALL", [GOLD], [Rule("ANY", [ADULT])])]

    [outer] = explain_rules("1", rules, make_subject(plan="gold", age="12"))

    [inner] = outer.rules
    assert (outer.type, outer.is_met, inner.type, inner.is_met) == ("ALL", False, "ANY", False)
    assert [(trace.condition, trace.actual, trace.is_met) for trace in outer.conditions] == [(GOLD, "gold", True)]
    assert [(trace.condition, trace.actual, trace.is_met) for trace in inner.conditions] == [(ADULT, 12, False)]
