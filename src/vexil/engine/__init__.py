"""Deciding the value of a flag: environments compiled to callables, subjects evaluated against them.

No I/O, no framework, nothing else of ours: usable alone for local evaluation (`evaluate(context)`). The data
plane compiles a snapshot into an `Environment` once and evaluates a `Subject` per request; what a flag can give
is the caller's own type, for example a finished piece of JSON. What must come out is evaluation.md's business.
"""

from vexil.engine.coercion import ContextValue
from vexil.engine.contexts import EvaluationContext, EvaluationResult, evaluate
from vexil.engine.explain import (
    Candidate,
    ConditionTrace,
    FlagTrace,
    RuleTrace,
    SegmentTrace,
    explain_flag,
    explain_rules,
    explain_segment,
)
from vexil.engine.flags import Environment, Flag, Outcomes, Override, Variant, matching_segments
from vexil.engine.hashing import percentage
from vexil.engine.patterns import pattern_error
from vexil.engine.segments import ConditionLike, RuleLike, compile_segment
from vexil.engine.subjects import Matcher, Subject

__all__ = [
    "Candidate",
    "ConditionLike",
    "ConditionTrace",
    "ContextValue",
    "Environment",
    "EvaluationContext",
    "EvaluationResult",
    "Flag",
    "FlagTrace",
    "Matcher",
    "Outcomes",
    "Override",
    "RuleLike",
    "RuleTrace",
    "SegmentTrace",
    "Subject",
    "Variant",
    "compile_segment",
    "evaluate",
    "explain_flag",
    "explain_rules",
    "explain_segment",
    "matching_segments",
    "pattern_error",
    "percentage",
]
