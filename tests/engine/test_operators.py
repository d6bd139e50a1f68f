import math

import pytest

from tests.engine.examples import condition_matches, make_subject
from vexil.engine import compile_segment, percentage
from vexil.wire.snapshot import Condition, Rule

HUGE = "9" * 5000


@pytest.mark.parametrize(
    ("operator", "value", "trait", "matches"),
    [
        # texts
        ("EQUAL", "gold", "gold", True),
        ("EQUAL", "gold", "Gold", False),
        ("NOT_EQUAL", "gold", "Gold", True),
        ("NOT_EQUAL", "gold", "gold", False),
        ("GREATER_THAN", "a", "b", True),
        ("GREATER_THAN", "a", "B", False),
        ("LESS_THAN", "é", "z", True),
        ("LESS_THAN_INCLUSIVE", "b", "b", True),
        ("GREATER_THAN_INCLUSIVE", "b", "a", False),
        ("EQUAL", "", "", True),
        # integers
        ("EQUAL", "5", 5, True),
        ("EQUAL", " 5 ", 5, True),
        ("EQUAL", "1_0", 10, True),
        ("EQUAL", "007", 7, True),
        ("EQUAL", "5.0", 5, False),
        ("NOT_EQUAL", "5.0", 5, False),
        ("NOT_EQUAL", "", 5, False),
        ("NOT_EQUAL", "6", 5, True),
        ("GREATER_THAN", "1e3", 5000, False),
        ("GREATER_THAN", "4", 5, True),
        ("GREATER_THAN", "5", 5, False),
        ("GREATER_THAN_INCLUSIVE", "5", 5, True),
        ("LESS_THAN", "10", 9, True),
        ("LESS_THAN_INCLUSIVE", "8", 9, False),
        ("EQUAL", HUGE, 5, False),
        # floats
        ("EQUAL", "1.5", 1.5, True),
        ("EQUAL", "1", 1.0, True),
        ("GREATER_THAN", "1e3", 1000.5, True),
        ("LESS_THAN", "inf", 1.5, True),
        ("EQUAL", "nan", math.nan, False),
        ("NOT_EQUAL", "nan", 1.5, True),
        ("GREATER_THAN", "nan", 1.5, False),
        ("NOT_EQUAL", "one", 1.5, False),
        # booleans
        ("EQUAL", "true", True, True),
        ("EQUAL", "1", True, True),
        ("EQUAL", "0", False, False),
        ("EQUAL", "False", False, True),
        ("EQUAL", "false", False, True),
        ("EQUAL", "FALSE", False, False),
        ("NOT_EQUAL", "false", True, True),
        ("GREATER_THAN", "false", True, True),
        # texts that are numbers
        ("EQUAL", "7", "007", True),
        ("EQUAL", "1.5", "1.50", True),
        ("EQUAL", "true", "true", True),
        # semantic versions
        ("EQUAL", "1.2.3:semver", "1.2.3", True),
        ("EQUAL", "1.2.3:semver", "1.2.3+build", True),
        ("NOT_EQUAL", "1.2.3:semver", "1.2.4", True),
        ("NOT_EQUAL", "1.2.3:semver", "one", False),
        ("NOT_EQUAL", "one:semver", "1.2.3", False),
        ("GREATER_THAN", "1.9.0:semver", "1.10.0", True),
        ("LESS_THAN", "1.0.0:semver", "1.0.0-beta", True),
        ("GREATER_THAN", "1.0.0-beta.2:semver", "1.0.0-beta.11", True),
        ("GREATER_THAN_INCLUSIVE", "1.0.0:semver", "1.0.0", True),
        ("GREATER_THAN", "1.1:semver", "1.2", False),
        ("EQUAL", "1.2.3:semver", 5, False),
        ("EQUAL", "1.2.3:semver", True, True),
        ("GREATER_THAN", f"1.0.0-{HUGE}:semver", "1.0.0-1", False),
        # contains
        ("CONTAINS", "ol", "gold", True),
        ("CONTAINS", "OL", "gold", False),
        ("CONTAINS", "", "gold", True),
        ("CONTAINS", "1", "0123", False),
        ("CONTAINS", "1", 123, False),
        ("CONTAINS", "T", True, False),
        ("NOT_CONTAINS", "x", "gold", True),
        ("NOT_CONTAINS", "ol", "gold", False),
        ("NOT_CONTAINS", "9", "0123", False),
        ("NOT_CONTAINS", "9", 1.5, False),
        # regular expressions
        ("REGEX", r"go", "gold", True),
        ("REGEX", r"old", "gold", False),
        ("REGEX", r"\d+", "0123", True),
        ("REGEX", r"123$", "0123", True),
        ("REGEX", r"True", True, True),
        ("REGEX", r"1\.5$", 1.5, True),
        ("REGEX", r"(", "(", False),
        ("REGEX", r"(?=a)", "a", False),
        # modulo
        ("MODULO", "2|0", 4, True),
        ("MODULO", "2|0", 5, False),
        ("MODULO", "2|0", "4", True),
        ("MODULO", "1.5|0.5", 2.0, True),
        ("MODULO", "3|2", -1, True),
        ("MODULO", "-3|-1", 5, True),
        ("MODULO", "2|1", True, True),
        ("MODULO", "2|0", "four", False),
        ("MODULO", "0|0", 4, False),
        ("MODULO", "", 4, False),
        ("MODULO", "2", 4, False),
        ("MODULO", "2|0|0", 4, False),
        ("MODULO", "a|b", 4, False),
        ("MODULO", "2|0", 10**400, False),
        ("MODULO", "2|0", math.inf, False),
        # in
        ("IN", "gold,silver", "gold", True),
        ("IN", "gold, silver", "silver", False),
        ("IN", "5,6", 5, True),
        ("IN", "5,6", "05", True),
        ("IN", "1.5", 1.5, False),
        ("IN", "True,1", True, False),
        ("IN", "", "", True),
        ("IN", '["gold", 5]', "gold", True),
        ("IN", '["gold", 5]', 5, True),
        ("IN", '["a,b"]', "a,b", True),
        ("IN", "[gold,5]", "[gold", True),
        ("IN", ["gold", "5"], 5, True),
        ("IN", ["gold", "5"], "silver", False),
        ("IN", ["a,b"], "a", False),
        # presence
        ("IS_SET", "", "", True),
        ("IS_SET", "", False, True),
        ("IS_SET", "", None, False),
        ("IS_NOT_SET", "", None, True),
        ("IS_NOT_SET", "", 0, False),
        # unknown
        ("STARTS_WITH", "g", "gold", False),
    ],
)
def test_operator_answers_as_the_contract_says(operator: str, value: object, trait: object, matches: bool) -> None:
    assert condition_matches(operator, value, trait) is matches


@pytest.mark.parametrize("operator", ["REGEX", "IN", "PERCENTAGE_SPLIT", "MODULO"])
def test_number_too_long_to_write_matches_nothing(operator: str) -> None:
    assert condition_matches(operator, "100", 10**5000) is False


ALL_OPERATORS = [
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_INCLUSIVE", "LESS_THAN", "LESS_THAN_INCLUSIVE",
    "CONTAINS", "NOT_CONTAINS", "REGEX", "MODULO", "IN", "PERCENTAGE_SPLIT",
]  # fmt: skip


@pytest.mark.parametrize("operator", ALL_OPERATORS)
@pytest.mark.parametrize("value", ["None", "", "100", "1|0", "a:semver"])
def test_trait_that_is_not_set_matches_no_operator(operator: str, value: str) -> None:
    assert condition_matches(operator, value, None) is False


@pytest.mark.parametrize("operator", ALL_OPERATORS)
@pytest.mark.parametrize("trait", ["None", "", 5, 1.5, True])
def test_condition_without_a_value_matches_nothing(operator: str, trait: object) -> None:
    assert condition_matches(operator, None, trait) is False


def test_presence_needs_no_value() -> None:
    assert condition_matches("IS_SET", None, "gold") is True
    assert condition_matches("IS_NOT_SET", None, None) is True


def _split(share: str, trait: object) -> bool:
    return condition_matches("PERCENTAGE_SPLIT", share, trait)


@pytest.mark.parametrize(("trait", "text"), [("gold", "gold"), ("007", "7"), (True, "True"), ("1.50", "1.5")])
def test_split_on_a_trait_hashes_the_text_of_its_coerced_value(trait: object, text: str) -> None:
    value = percentage(["7", text])

    assert _split(repr(value), trait) is True
    assert _split(repr(math.nextafter(value, 0)), trait) is False


@pytest.mark.parametrize("share", ["", "half", "50%", "nan"])
def test_split_without_a_readable_share_matches_nobody(share: str) -> None:
    assert _split(share, "gold") is False


@pytest.mark.parametrize("name", ["", None])
def test_split_without_a_property_is_on_the_identity_key_as_it_stands(name: str | None) -> None:
    subject = make_subject(key="007")
    value = percentage(["7", "007"])

    def matcher(share: float) -> object:
        return compile_segment("7", [Rule("ALL", [Condition("PERCENTAGE_SPLIT", name, repr(share))])])(subject)

    assert (matcher(value), matcher(math.nextafter(value, 0))) == (True, False)


def test_pattern_that_cannot_run_is_reported_once_and_never_matches() -> None:
    warnings: list[str] = []
    rules = [Rule("ALL", [Condition("REGEX", "trait", "(?=a)a")])]

    matcher = compile_segment("7", rules, warnings.append)

    assert [matcher(make_subject(trait="a")), matcher(make_subject(trait="b"))] == [False, False]
    assert warnings == [
        "a pattern cannot run and never matches: look-ahead or look-behind, (?=…) or (?<=…), is not supported"
    ]
