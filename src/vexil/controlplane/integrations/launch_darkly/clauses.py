"""Targeting of LaunchDarkly in the words of our segments: clauses and members become rules.

What cannot be said exactly is refused rather than left out: a rule without one of its clauses would match more people.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vexil.controlplane.integrations.launch_darkly.answers import USER, Clause, Contexts, Segment, SegmentRule
from vexil.engine.patterns import pattern_error

Rule = dict[str, Any]
"""As `Segment.rules` holds it."""
Condition = dict[str, Any]

IDENTIFIER = "$.identity.identifier"
SEGMENT_MATCH = "segmentMatch"
_VALUE_CHARACTERS_MAX = 1000


class Untranslatable(Exception):
    """Our segments cannot say this; says what."""


def rules_of(clauses: Sequence[Clause]) -> list[Rule]:
    """What a subject must meet all of. Raise `Untranslatable`."""
    return [rule for clause in clauses for rule in _of_clause(clause)]


def everything(rules: Sequence[Rule]) -> Rule:
    return {"type": "ALL", "conditions": [], "rules": list(rules)}


def share(percentage: float, bucket_by: str) -> Rule:
    """A share of all identities, or of all values of a trait."""
    name = None if bucket_by == "key" else _trait(USER, bucket_by)
    return _rule("ALL", [_condition("PERCENTAGE_SPLIT", name, f"{percentage:g}")])


def members(kind: str, keys: Iterable[str]) -> list[Condition]:
    """Who has one of these keys."""
    conditions = list(_is_in(_trait(kind, "key"), keys))
    _check(conditions)
    return conditions


def of_segment(segment: Segment) -> list[list[Rule]]:
    """The rules of as many segments of ours as it takes: who is in one of them is in it."""
    included = {USER: set(segment.included)}
    for contexts in segment.included_contexts:
        included.setdefault(contexts.context_kind, set()).update(contexts.values)
    excluded = list(_excluded(segment, included))
    ways = [[_rule("ANY", members(kind, sorted(keys)))] for kind, keys in included.items() if keys]
    ways += [_of_segment_rule(rule) for rule in segment.rules]
    if not ways:
        ways = [[_rule("ANY", [_condition("IN", IDENTIFIER, "")])]]  # nobody, so far
    flat = [_flat(way) for way in ways]
    if len(ways) > 1 and None not in flat:
        any_way: Rule = {"type": "ANY", "conditions": [], "rules": flat}
        return [[everything(excluded), any_way] if excluded else [any_way]]
    return [[everything([*excluded, *way])] for way in ways]


def _excluded(segment: Segment, included: dict[str, set[str]]) -> Iterator[Rule]:
    """Who is left out, unless named as a member."""
    for contexts in (Contexts(segment.excluded), *segment.excluded_contexts):
        keys = sorted(set(contexts.values) - included.get(contexts.context_kind, set()))
        if keys:
            yield _rule("NONE", members(contexts.context_kind, keys))


def _of_segment_rule(rule: SegmentRule) -> list[Rule]:
    rules = rules_of(rule.clauses)
    return rules if rule.weight is None else [*rules, share(rule.weight / 1000, rule.bucket_by)]


def _flat(way: Sequence[Rule]) -> Rule | None:
    """The same as one rule without others in it."""
    if len(way) == 1:
        return way[0]
    if all(rule["type"] != "NONE" and len(rule["conditions"]) == 1 for rule in way):
        return _rule("ALL", [rule["conditions"][0] for rule in way])
    return None


def _of_clause(clause: Clause) -> list[Rule]:
    if clause.attribute == "kind" and clause.op == "in":
        return _of_kind(clause)
    if clause.op not in _TRANSLATIONS:
        raise Untranslatable(f"there is no operator {clause.op!r}")
    name = _trait(clause.context_kind, clause.attribute)
    conditions = list(_TRANSLATIONS[clause.op](name, clause.values))
    _check(conditions)
    if not clause.negate:
        return [_rule("ANY", conditions)]
    # There, who lacks the attribute meets neither a clause nor its opposite.
    has_it = [] if name == IDENTIFIER else [_rule("ALL", [_condition("IS_SET", name, "")])]
    return [_rule("NONE", conditions), *has_it]


def _of_kind(clause: Clause) -> list[Rule]:
    """All of our identities are users."""
    if (USER in clause.values) == clause.negate:
        raise Untranslatable(f"it is for contexts of other kinds than {USER!r}")
    return []


def _trait(kind: str, attribute: str) -> str:
    """What an attribute is called among traits; those of other kinds than users carry the name of the kind."""
    name = attribute[1:].replace("/", ".") if attribute.startswith("/") else attribute
    if kind == USER:
        return IDENTIFIER if name == "key" else name
    return f"{kind}.{name}"


def _is_in(name: str, values: Iterable[Any]) -> Iterator[Condition]:
    """Numbers and texts in lists, as long as a condition may be; the rest one by one."""
    texts = []
    for value in values:
        if isinstance(value, bool | float):
            yield _condition("EQUAL", name, _text(value))
        else:
            texts.append(_text(value))
    for chunk in _chunks(texts):
        yield _condition("IN", name, _listed(chunk))


def _chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for text in texts:
        if chunk and len(_listed([*chunk, text])) > _VALUE_CHARACTERS_MAX:
            yield chunk
            chunk = []
        chunk.append(text)
    if chunk:
        yield chunk


def _listed(texts: Sequence[str]) -> str:
    is_plain = not any("," in text for text in texts) and not texts[0].startswith("[")
    return ",".join(texts) if is_plain else json.dumps(texts, ensure_ascii=False)


def _starts(name: str, values: Sequence[Any]) -> Iterator[Condition]:
    yield from (_condition("REGEX", name, f"^{re.escape(_text(value))}") for value in values)


def _ends(name: str, values: Sequence[Any]) -> Iterator[Condition]:
    yield from (_condition("REGEX", name, rf"^.*{re.escape(_text(value))}$") for value in values)


def _matches(name: str, values: Sequence[Any]) -> Iterator[Condition]:
    """There a pattern may begin anywhere in the text, here at its start."""
    yield from (_condition("REGEX", name, f".*(?:{_text(value)})") for value in values)


def _comparing(operator: str, suffix: str = "") -> Any:
    def conditions(name: str, values: Sequence[Any]) -> Iterator[Condition]:
        yield from (_condition(operator, name, _text(value) + suffix) for value in values)

    return conditions


_TRANSLATIONS: dict[str, Any] = {
    "in": _is_in,
    "startsWith": _starts,
    "endsWith": _ends,
    "matches": _matches,
    "contains": _comparing("CONTAINS"),
    "lessThan": _comparing("LESS_THAN"),
    "lessThanOrEqual": _comparing("LESS_THAN_INCLUSIVE"),
    "greaterThan": _comparing("GREATER_THAN"),
    "greaterThanOrEqual": _comparing("GREATER_THAN_INCLUSIVE"),
    "before": _comparing("LESS_THAN"),
    "after": _comparing("GREATER_THAN"),
    "semVerEqual": _comparing("EQUAL", ":semver"),
    "semVerLessThan": _comparing("LESS_THAN", ":semver"),
    "semVerGreaterThan": _comparing("GREATER_THAN", ":semver"),
}


def _check(conditions: Sequence[Condition]) -> None:
    if not conditions:
        raise Untranslatable("a clause has no values")
    for condition in conditions:
        if len(condition["value"]) > _VALUE_CHARACTERS_MAX:
            raise Untranslatable(f"a value has more than {_VALUE_CHARACTERS_MAX:,} characters")
        if condition["operator"] == "REGEX" and (fault := pattern_error(condition["value"])):
            raise Untranslatable(f"the pattern {condition['value']!r} cannot be used: {fault}")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
    raise Untranslatable(f"the value {json.dumps(value)[:100]} is neither text nor number")


def _rule(kind: str, conditions: list[Condition]) -> Rule:
    return {"type": kind, "conditions": conditions, "rules": []}


def _condition(operator: str, name: str | None, value: str) -> Condition:
    return {"operator": operator, "property": name, "value": value, "description": None}
