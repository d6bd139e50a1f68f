"""The engine's public schemas: an EvaluationContext in, an EvaluationResult out (evaluation.md §6)."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from vexil.engine.flags import Environment, Flag, Outcomes, Override, Variant, matching_segments
from vexil.engine.segments import compile_segment
from vexil.engine.subjects import Matcher, Subject

EvaluationContext = Mapping[str, Any]
EvaluationResult = dict[str, Any]
_FlagResult = dict[str, Any]


def evaluate(context: EvaluationContext) -> EvaluationResult:
    """Evaluate every feature of the context for its identity."""
    context = _with_identity_key(context)
    subject = Subject.of_context(context)
    segments = list((context.get("segments") or {}).values())
    features = list((context.get("features") or {}).values())
    matched = matching_segments([_matcher(segment) for segment in segments], subject)
    matching = [segments[index] for index in matched]
    flags = [_flag(feature, matching, has_identity=subject.key is not None) for feature in features]
    # Only matching segments are left, so that none is evaluated twice.
    results = Environment([_always] * len(matching), flags).evaluate(subject)
    return {
        "flags": {result["name"]: result for result in results},
        "segments": [_named(segment) for segment in matching],
    }


def _with_identity_key(context: EvaluationContext) -> EvaluationContext:
    """The context with `identity.key` derived where it is absent or empty, so that JSONPaths find it too."""
    identity = context.get("identity")
    if not identity or identity.get("key"):
        return context
    return {**context, "identity": {**identity, "key": f"{context['environment']['key']}_{identity['identifier']}"}}


def _matcher(segment: Mapping[str, Any]) -> Matcher:
    return compile_segment(str(segment["key"]), [_Rule(rule) for rule in segment["rules"]])


def _always(_: Subject) -> bool:
    return True


def _flag(
    feature: Mapping[str, Any], segments: Sequence[Mapping[str, Any]], *, has_identity: bool
) -> Flag[_FlagResult]:
    overrides = [
        (override, index)
        for index, segment in enumerate(segments)
        for override in segment.get("overrides") or ()
        if override["name"] == feature["name"]
    ]
    # The sort is stable: on equal priorities the first segment wins.
    overrides.sort(key=lambda pair: _priority(pair[0]))
    return Flag(
        _outcomes(feature, "DEFAULT", has_identity=has_identity),
        tuple(
            Override(
                index,
                _outcomes(override, f"TARGETING_MATCH; segment={segments[index]['name']}", has_identity=has_identity),
            )
            for override, index in overrides
        ),
    )


def _outcomes(feature: Mapping[str, Any], reason: str, *, has_identity: bool) -> Outcomes[_FlagResult]:
    variants = sorted((feature.get("variants") or ()) if has_identity else (), key=_priority)
    return Outcomes(
        default=_result(feature, feature["value"], reason, "control" if variants else None),
        variants=tuple(
            Variant(
                variant["weight"],
                _result(feature, variant["value"], f"SPLIT; weight={variant['weight']}", variant.get("key")),
            )
            for variant in variants
        ),
        seed=str(feature["key"]),
    )


def _priority(ranked: Mapping[str, Any]) -> float:
    priority: float | None = ranked.get("priority")
    return inf if priority is None else priority


def _result(feature: Mapping[str, Any], value: object, reason: str, variant: str | None) -> _FlagResult:
    return {**_named(feature), "enabled": feature["enabled"], "value": value, "reason": reason, "variant": variant}


def _named(described: Mapping[str, Any]) -> dict[str, Any]:
    """The part that flags and segments share in a result."""
    metadata = described.get("metadata")
    return {"name": described["name"], "metadata": metadata} if metadata else {"name": described["name"]}


class _Rule:
    """A rule of a context, read as the compiler wants it."""

    def __init__(self, rule: Mapping[str, Any]) -> None:
        self.type: str = rule["type"]
        self.conditions = [_Condition(condition) for condition in rule.get("conditions") or ()]
        self._rules: Sequence[Mapping[str, Any]] = rule.get("rules") or ()

    @property
    def rules(self) -> list["_Rule"]:
        return [_Rule(rule) for rule in self._rules]


class _Condition:
    def __init__(self, condition: Mapping[str, Any]) -> None:
        self.operator: str = condition["operator"]
        self.property: str | None = condition.get("property")
        self.value = _text_or_list(condition.get("value"))


def _text_or_list(value: object) -> str | list[str] | None:
    if value is None or isinstance(value, str | list):
        return value
    return str(value)  # a number or boolean where the schema asks for its text
