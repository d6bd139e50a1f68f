import pytest

from tests.engine.examples import make_subject
from vexil.engine import compile_segment, matching_segments
from vexil.wire.snapshot import Condition, Rule

YES = Condition("EQUAL", "plan", "gold")
NO = Condition("EQUAL", "plan", "silver")
SUBJECT = make_subject(plan="gold")


def matches(*rules: Rule) -> bool:
    return compile_segment("7", rules)(SUBJECT)


def test_segment_without_rules_matches_nobody() -> None:
    assert matches() is False


@pytest.mark.parametrize("quantifier", ["ALL", "ANY", "NONE"])
def test_rule_with_nothing_in_it_matches_everybody(quantifier: str) -> None:
    assert matches(Rule(quantifier)) is True


def test_every_root_rule_must_match() -> None:
    assert matches(Rule("ALL", [YES]), Rule("ANY", [YES, NO])) is True
    assert matches(Rule("ALL", [YES]), Rule("ALL", [NO])) is False


@pytest.mark.parametrize(
    ("quantifier", "conditions", "expected"),
    [
        ("ALL", [YES], True),
        ("ALL", [YES, YES], True),
        ("ALL", [YES, NO], False),
        ("ALL", [YES, YES, NO], False),
        ("ALL", [YES, YES, YES], True),
        ("ANY", [NO], False),
        ("ANY", [NO, YES], True),
        ("ANY", [NO, NO], False),
        ("ANY", [NO, NO, YES], True),
        ("ANY", [NO, NO, NO], False),
        ("NONE", [NO], True),
        ("NONE", [YES], False),
        ("NONE", [NO, NO, NO], True),
        ("NONE", [NO, NO, YES], False),
    ],
)
def test_quantifier_counts_conditions(quantifier: str, conditions: list[Condition], expected: bool) -> None:
    assert matches(Rule(quantifier, conditions)) is expected


@pytest.mark.parametrize(
    ("quantifier", "conditions", "rules", "expected"),
    [
        ("ALL", [YES], [Rule("ALL", [YES])], True),
        ("ALL", [YES], [Rule("ALL", [NO])], False),
        ("ANY", [YES, NO], [Rule("ALL", [NO]), Rule("ALL", [YES])], True),
        ("ANY", [YES], [Rule("ALL", [NO])], False),
        ("ANY", [NO], [Rule("ALL", [YES])], False),
        ("NONE", [NO], [Rule("ALL", [NO])], True),
        ("NONE", [NO], [Rule("ALL", [YES])], False),
        ("NONE", [YES], [Rule("ALL", [NO])], False),
        ("NONE", [], [Rule("ALL", [YES, NO]), Rule("ALL", [NO])], True),
    ],
)
def test_conditions_and_sub_rules_must_both_satisfy_the_same_quantifier(
    quantifier: str, conditions: list[Condition], rules: list[Rule], expected: bool
) -> None:
    assert matches(Rule(quantifier, conditions, rules)) is expected


def test_rule_of_unknown_type_does_not_match() -> None:
    assert matches(Rule("SOME", [YES])) is False


def _nested(depth: int) -> Rule:
    rule = Rule("ALL", [YES])
    for _ in range(depth):
        rule = Rule("ANY", [YES], [rule, Rule("ALL", [NO])])
    return rule


def test_rules_may_be_nested_deeply() -> None:
    assert matches(_nested(5)) is True
    assert matches(_nested(120)) is True


def test_rules_nested_beyond_the_stack_do_not_match_and_are_reported() -> None:
    warnings: list[str] = []

    matcher = compile_segment("7", [_nested(20_000)], warnings.append)

    assert matcher(SUBJECT) is False
    assert warnings == ["the rules are nested too deeply to run: the segment never matches"]


def test_stack_that_is_nearly_used_up_makes_deep_rules_not_match() -> None:
    matcher = compile_segment("7", [_nested(200)])

    def further_down(frames: int) -> bool:
        return further_down(frames - 1) if frames else matcher(SUBJECT)

    assert [further_down(10), further_down(800)] == [True, False]


def test_matching_segments_are_listed_in_their_order() -> None:
    segments = [compile_segment(str(key), [Rule("ALL", [condition])]) for key, condition in enumerate([NO, YES, YES])]

    assert matching_segments(segments, SUBJECT) == [1, 2]
