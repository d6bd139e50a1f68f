"""The traps of the evaluation contract, one test each, by their numbers there.

6 to 8 are about what is put into the engine and are tested where that happens; 12 and 13 have more in
`test_properties` and `test_patterns`.
"""

from tests.engine.examples import condition_matches, make_subject
from vexil.engine import Outcomes, Variant, compile_segment, evaluate, pattern_error, percentage
from vexil.wire.snapshot import Condition, Rule


def test_1_percentage_split_includes_its_limit_and_allocation_does_not() -> None:
    value = percentage(["7", "gold"])

    assert condition_matches("PERCENTAGE_SPLIT", repr(value), "gold") is True
    assert Outcomes("control", (Variant(value, "variant"),), "7").choose("gold") == "control"


def test_2_texts_of_digits_are_numbers_before_contains_in_and_regex() -> None:
    assert condition_matches("CONTAINS", "12", "0123") is False
    assert condition_matches("IN", "123", "0123") is True
    assert condition_matches("REGEX", "0", "0123") is False


def test_3_only_two_texts_are_false() -> None:
    values = ["False", "false", "FALSE", "0", "", "no"]

    assert [condition_matches("EQUAL", value, False) for value in values] == [True, True, False, False, False, False]


def test_4_not_equal_is_false_where_the_cast_fails() -> None:
    assert condition_matches("NOT_EQUAL", "five", 5) is False


def test_5_hash_that_would_be_exactly_100_is_taken_again() -> None:
    assert percentage(["5", "user-78"]) == 9.991998399679936


def test_9_patterns_are_anchored_at_the_start_only() -> None:
    assert [condition_matches("REGEX", pattern, "gold") for pattern in ("go", "old", "gold$")] == [True, False, True]


def test_10_the_quantifier_of_a_rule_holds_for_its_sub_rules_too() -> None:
    yes, no = Condition("EQUAL", "plan", "gold"), Condition("EQUAL", "plan", "silver")
    rule = Rule("ANY", [yes, no], [Rule("ALL", [yes]), Rule("ALL", [no])])

    assert compile_segment("7", [rule])(make_subject(plan="gold")) is True
    assert compile_segment("7", [Rule("ANY", [yes], [Rule("ALL", [no])])])(make_subject(plan="gold")) is False


def test_11_derived_identity_key_is_visible_to_paths() -> None:
    condition = {"operator": "PERCENTAGE_SPLIT", "property": "$.identity.key", "value": "100"}
    segment = {"key": "7", "name": "all", "rules": [{"type": "ALL", "conditions": [condition]}]}

    result = evaluate(
        {"environment": {"key": "env", "name": "E"}, "identity": {"identifier": "alice"}, "segments": {"7": segment}}
    )

    assert result["segments"] == [{"name": "all"}]


def test_12_unquoted_names_in_other_scripts_work_in_paths() -> None:
    assert make_subject(サイズ="big")["$.identity.traits.サイズ"] == "big"


def test_13_pattern_that_needs_backtracking_is_named_and_never_matches() -> None:
    assert pattern_error(r"(?!a)b") == "negative look-ahead or look-behind, (?!…) or (?<!…), is not supported"
    assert condition_matches("REGEX", r"(?!a)b", "b") is False
