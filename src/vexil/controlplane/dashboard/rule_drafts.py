"""The rules of a segment while somebody edits them: from a form and back, with errors beside what they are about.

A form holds a tree in the names of its fields: `r0.type`, `r0.c1.operator`, `r0.g0.c2.value` (rule, condition, group).
Adding and removing parts is done here as well, so that it needs no script.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vexil.controlplane.actions import conditions
from vexil.controlplane.actions.segments import Rule

_NAME = re.compile(r"(r\d+(?:\.g\d+)?)(?:\.(c\d+))?\.(type|operator|trait|value|description)")
_EDIT = re.compile(r"(add-condition|add-group|remove|add-rule):([rgc\d.]*)")
SEMVER = ":semver"


@dataclass(frozen=True, slots=True)
class Operator:
    """One entry of the list that people choose from; comparisons of versions are comparisons with a suffix."""

    key: str
    label: str
    words: str
    placeholder: str = ""
    needs_value: bool = True


OPERATORS = (
    Operator("EQUAL", "is", "is", "pro"),
    Operator("NOT_EQUAL", "is not", "is not", "free"),
    Operator("IN", "is one of", "is one of", "DE,FR,IT"),
    Operator("CONTAINS", "contains", "contains", "@example.com"),
    Operator("NOT_CONTAINS", "does not contain", "does not contain", "test"),
    Operator("REGEX", "matches the regular expression", "matches", "^[a-c]"),
    Operator("GREATER_THAN", "is greater than", ">", "18"),
    Operator("GREATER_THAN_INCLUSIVE", "is at least", "≥", "18"),
    Operator("LESS_THAN", "is less than", "<", "65"),
    Operator("LESS_THAN_INCLUSIVE", "is at most", "≤", "65"),
    Operator("PERCENTAGE_SPLIT", "is among a share of, in %", "% share of", "10"),
    Operator("MODULO", "divided leaves the remainder", "divisor|remainder", "2|0"),
    Operator("IS_SET", "is set", "is set", needs_value=False),
    Operator("IS_NOT_SET", "is not set", "is not set", needs_value=False),
    Operator("EQUAL" + SEMVER, "is the version", "is version", "1.2.3"),
    Operator("NOT_EQUAL" + SEMVER, "is not the version", "is not version", "1.2.3"),
    Operator("GREATER_THAN" + SEMVER, "is a later version than", "later than version", "1.2.3"),
    Operator("GREATER_THAN_INCLUSIVE" + SEMVER, "is this version or later", "version ≥", "1.2.3"),
    Operator("LESS_THAN" + SEMVER, "is an earlier version than", "earlier than version", "1.2.3"),
    Operator("LESS_THAN_INCLUSIVE" + SEMVER, "is this version or earlier", "version ≤", "1.2.3"),
)
BY_KEY = {operator.key: operator for operator in OPERATORS}
TYPES = (("ALL", "All of these"), ("ANY", "At least one of these"), ("NONE", "None of these"))


@dataclass(slots=True)
class ConditionDraft:
    operator: str = "EQUAL"
    trait: str = ""
    value: str = ""
    description: str = ""
    path: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def choice(self) -> Operator:
        return BY_KEY.get(self.operator, OPERATORS[0])

    def as_stored(self) -> dict[str, Any]:
        kind, _, is_version = self.operator.partition(":")
        value = f"{self.value}{SEMVER}" if is_version else self.value
        return {
            "operator": kind,
            "property": self.trait or None,
            "value": value if self.choice.needs_value else "",
            "description": self.description or None,
        }


@dataclass(slots=True)
class RuleDraft:
    type: str = "ALL"
    conditions: list[ConditionDraft] = field(default_factory=list)
    groups: list["RuleDraft"] = field(default_factory=list)
    path: str = ""

    def as_stored(self) -> Rule:
        return {
            "type": self.type,
            "conditions": [condition.as_stored() for condition in self.conditions],
            "rules": [group.as_stored() for group in self.groups],
        }


def fresh() -> list[RuleDraft]:
    """What the builder starts with: one rule with one empty condition."""
    return _placed([RuleDraft("ALL", [ConditionDraft()])])


def of_rules(rules: Iterable[Rule]) -> list[RuleDraft]:
    """The rules of a stored segment."""
    return _placed([_of_rule(rule) for rule in rules])


def of_form(form: Mapping[str, str]) -> list[RuleDraft]:
    """What a form holds, in its own order; fields of other names are left alone."""
    drafts: dict[str, RuleDraft] = {}
    parts: dict[str, ConditionDraft] = {}
    for name, text in sorted(form.items(), key=lambda item: _numbers(item[0])):
        if not (match := _NAME.fullmatch(name)):
            continue
        place, condition, column = match.groups()
        draft = _draft_at(drafts, place)
        if condition is None:
            draft.type = text if column == "type" and text in conditions.RULE_TYPES else draft.type
            continue
        key = f"{place}.{condition}"
        if key not in parts:
            parts[key] = ConditionDraft()
            draft.conditions.append(parts[key])
        if column != "type":
            setattr(parts[key], column, text if column == "value" else text.strip())
    return _placed([draft for place, draft in drafts.items() if "." not in place])


def edited(drafts: list[RuleDraft], edit: str) -> list[RuleDraft]:
    """The drafts after `add-rule:`, `add-condition:r0`, `add-group:r0` or `remove:r0.g1.c2`."""
    match = _EDIT.fullmatch(edit)
    if not match:
        return drafts
    what, place = match.groups()
    if what == "add-rule":
        return _placed([*drafts, RuleDraft("ALL", [ConditionDraft()])])
    if what == "remove":
        return _placed(_without(drafts, place))
    for draft in [inner for outer in drafts for inner in (outer, *outer.groups)]:
        if draft.path == place and what == "add-condition":
            draft.conditions.append(ConditionDraft())
        elif draft.path == place and draft in drafts:
            draft.groups.append(RuleDraft("ANY", [ConditionDraft()]))
    return _placed(drafts)


def check(drafts: list[RuleDraft], *, value_characters_max: int) -> bool:
    """Whether all conditions can be stored; what is wrong is put beside the fields."""
    found = [condition for draft in drafts for rule in (draft, *draft.groups) for condition in rule.conditions]
    for condition in found:
        condition.errors = dict(_faults(condition, value_characters_max))
    return not any(condition.errors for condition in found)


def in_words(rules: Iterable[Rule]) -> str:
    """The rules in one line, for lists."""
    texts = [_rule_in_words(rule) for rule in rules]
    return " and ".join(text if len(texts) == 1 else f"({text})" for text in texts if text) or "everybody"


def _faults(condition: ConditionDraft, value_characters_max: int) -> Iterable[tuple[str, str]]:
    kind = condition.operator.partition(":")[0]
    if condition.operator not in BY_KEY:
        yield "operator", "Choose how to compare."
        return
    if not condition.trait and kind != "PERCENTAGE_SPLIT":
        yield "trait", "Name the trait that is looked at."
    elif len(condition.trait) > conditions.PROPERTY_CHARACTERS_MAX:
        yield "trait", f"At most {conditions.PROPERTY_CHARACTERS_MAX} characters."
    if not condition.choice.needs_value:
        return
    if len(condition.value) > value_characters_max:
        yield "value", f"At most {value_characters_max} characters."
    elif fault := conditions.value_fault(kind, condition.value):
        yield "value", fault


def _of_rule(rule: Rule) -> RuleDraft:
    found = [_of_condition(condition) for condition in rule.get("conditions", ())]
    return RuleDraft(rule["type"], found, [_of_rule(group) for group in rule.get("rules", ())])


def _of_condition(condition: Mapping[str, Any]) -> ConditionDraft:
    operator, value = condition["operator"], condition.get("value") or ""
    if value.endswith(SEMVER) and operator + SEMVER in BY_KEY:
        operator, value = operator + SEMVER, value.removesuffix(SEMVER)
    return ConditionDraft(operator, condition.get("property") or "", value, condition.get("description") or "")


def _draft_at(drafts: dict[str, RuleDraft], place: str) -> RuleDraft:
    """The rule or group of this name, made when it is met first."""
    if place not in drafts:
        drafts[place] = RuleDraft()
        outer = place.partition(".")[0]
        if outer != place:
            _draft_at(drafts, outer).groups.append(drafts[place])
    return drafts[place]


def _without(drafts: list[RuleDraft], place: str) -> list[RuleDraft]:
    kept = [draft for draft in drafts if draft.path != place]
    for draft in kept:
        draft.groups = [group for group in draft.groups if group.path != place]
        for rule in (draft, *draft.groups):
            rule.conditions = [condition for condition in rule.conditions if condition.path != place]
    return kept


def _placed(drafts: list[RuleDraft]) -> list[RuleDraft]:
    """Each part with the beginning of its fields' names."""
    for number, draft in enumerate(drafts):
        _place(draft, f"r{number}")
        for inner, group in enumerate(draft.groups):
            _place(group, f"r{number}.g{inner}")
    return drafts


def _place(draft: RuleDraft, path: str) -> None:
    draft.path = path
    for number, condition in enumerate(draft.conditions):
        condition.path = f"{path}.c{number}"


def _rule_in_words(rule: Rule) -> str:
    parts = [_condition_in_words(_of_condition(condition)) for condition in rule.get("conditions", ())]
    parts += [f"({text})" for text in map(_rule_in_words, rule.get("rules", ())) if text]
    joined = (" or " if rule["type"] == "ANY" else " and ").join(parts)
    if rule["type"] == "NONE" and parts:
        return "not (" + " or ".join(parts) + ")"
    return joined


def _condition_in_words(condition: ConditionDraft) -> str:
    operator = condition.choice
    if operator.key == "PERCENTAGE_SPLIT":
        return f"{condition.value} % of {condition.trait or 'all identities'}"
    return f"{condition.trait} {operator.words} {condition.value}".strip()


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", name)]
