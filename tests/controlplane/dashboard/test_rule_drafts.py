"""Rules on their way through a form: nothing is lost, and what is wrong stands where it belongs."""

from typing import Any

import pytest

from vexil.controlplane.dashboard import rule_drafts


def condition(operator: str, trait: str | None, value: str, description: str | None = None) -> dict[str, Any]:
    return {"operator": operator, "property": trait, "value": value, "description": description}


RULES = [
    {
        "type": "ALL",
        "conditions": [condition("GREATER_THAN_INCLUSIVE", "version", "2.0.0:semver", "new apps")],
        "rules": [{"type": "NONE", "conditions": [condition("IN", "country", "DE,FR")], "rules": []}],
    },
    {"type": "ANY", "conditions": [condition("PERCENTAGE_SPLIT", None, "10")], "rules": []},
]


def fields(drafts: list[rule_drafts.RuleDraft]) -> dict[str, str]:
    """What a browser sends of these drafts."""
    sent = {}
    for rule in [inner for outer in drafts for inner in (outer, *outer.groups)]:
        sent[f"{rule.path}.type"] = rule.type
        for draft in rule.conditions:
            for column in ("operator", "trait", "value", "description"):
                sent[f"{draft.path}.{column}"] = getattr(draft, column)
    return sent


def test_rules_come_back_from_a_form_as_they_were() -> None:
    drafts = rule_drafts.of_form({"name": "x", **fields(rule_drafts.of_rules(RULES))})

    assert [draft.as_stored() for draft in drafts] == RULES


@pytest.mark.parametrize(
    ("edit", "paths"),
    [
        ("add-rule:", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r1", "r1.c0", "r2", "r2.c0"]),
        ("add-condition:r0", ["r0", "r0.c0", "r0.c1", "r0.g0", "r0.g0.c0", "r1", "r1.c0"]),
        ("add-condition:r0.g0", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r0.g0.c1", "r1", "r1.c0"]),
        ("add-group:r1", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r1", "r1.c0", "r1.g0", "r1.g0.c0"]),
        ("add-group:r0.g0", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r1", "r1.c0"]),
        ("remove:r0", ["r0", "r0.c0"]),
        ("remove:r0.g0", ["r0", "r0.c0", "r1", "r1.c0"]),
        ("remove:r0.c0", ["r0", "r0.g0", "r0.g0.c0", "r1", "r1.c0"]),
        ("compare", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r1", "r1.c0"]),
        ("remove:r9; drop", ["r0", "r0.c0", "r0.g0", "r0.g0.c0", "r1", "r1.c0"]),
    ],
)
def test_parts_are_added_and_removed(edit: str, paths: list[str]) -> None:
    drafts = rule_drafts.edited(rule_drafts.of_rules(RULES), edit)

    rules = [inner for outer in drafts for inner in (outer, *outer.groups)]
    assert sorted(part.path for rule in rules for part in (rule, *rule.conditions)) == sorted(paths)


def test_what_is_wrong_is_said_at_the_condition() -> None:
    wrong = [
        condition("EQUAL", None, "x"),
        condition("REGEX", "mail", "["),
        condition("MODULO", "id", "2"),
        condition("PERCENTAGE_SPLIT", None, "101"),
        condition("IS_SET", "mail", ""),
        condition("EQUAL", "mail", "x" * 11),
    ]
    drafts = rule_drafts.of_rules([{"type": "ALL", "conditions": wrong, "rules": []}])

    is_good = rule_drafts.check(drafts, value_characters_max=10)

    assert not is_good
    assert [list(draft.errors) for draft in drafts[0].conditions] == [
        ["trait"],
        ["value"],
        ["value"],
        ["value"],
        [],
        ["value"],
    ]


def test_rules_are_told_in_one_line() -> None:
    assert rule_drafts.in_words(RULES) == (
        "(version version ≥ 2.0.0 and (not (country is one of DE,FR))) and (10 % of all identities)"
    )
