"""Why an identity gets what it gets: the shapes of `POST /api/v1/identities/explain/`, for the dashboard as well."""

import math
from collections.abc import Sequence
from typing import Any

from vexil import engine
from vexil.reasons.decisions import Decision, Decisions
from vexil.wire import snapshot

Explanation = dict[str, Any]
"""Ready for JSON; `docs/flags-api.openapi.yaml` describes it."""


def of_segments(decisions: Decisions, subject: engine.Subject) -> list[Explanation]:
    """Each segment, whether the subject is in it, and the condition that decided it."""
    segments = decisions.all_segments
    traces = [engine.explain_segment(str(segment.id), segment.rules, subject) for segment in segments]
    return [_segment(*pair) for pair in zip(segments, traces, strict=True)]


def of_flags(
    decisions: Decisions,
    subject: engine.Subject,
    overrides: snapshot.IdentityOverrides | None,
    *,
    hides_disabled: bool,
) -> list[Explanation]:
    """Each flag with what it gives, and all that could have decided it, the strongest first."""
    own = decisions.own(overrides)
    matched: dict[int, bool] = {}

    def is_in_segment(index: int) -> bool:
        if index not in matched:
            matched[index] = decisions.matchers[index](subject)
        return matched[index]

    traces = [
        engine.explain_flag(flag, own.get(position), subject, is_in_segment)
        for position, flag in enumerate(decisions.flags)
    ]
    return [_flag(trace, hides_disabled=hides_disabled) for trace in traces]


def _segment(segment: snapshot.Segment, trace: engine.SegmentTrace) -> Explanation:
    return {
        "id": segment.id,
        "name": segment.name,
        "matched": trace.is_matched,
        "deciding_condition": _condition(trace.deciding) if trace.deciding else None,
    }


def _condition(trace: engine.ConditionTrace) -> Explanation:
    return {
        "property": trace.condition.property,
        "operator": trace.condition.operator,
        "value": trace.condition.value,
        "actual": _writable(trace.actual),
        "bucket": trace.bucket,
        "matched": trace.is_met,
    }


def _writable(value: engine.ContextValue) -> engine.ContextValue:
    """JSON has no infinity, as which a text of very many digits counts."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _flag(trace: engine.FlagTrace[Decision], *, hides_disabled: bool) -> Explanation:
    deciding = trace.deciding
    feature = deciding.outcome.feature
    return {
        "feature": {"id": feature.id, "name": feature.name, "type": feature.type},
        **_given(deciding),
        "hidden": hides_disabled and not deciding.outcome.state.enabled,
        "candidates": [_candidate(candidate, deciding) for candidate in trace.candidates],
    }


def _candidate(candidate: engine.Candidate[Decision], deciding: engine.Candidate[Decision]) -> Explanation:
    return {**_given(candidate), "applies": candidate.applies, "decides": candidate is deciding}


def _given(candidate: engine.Candidate[Decision]) -> Explanation:
    decision = candidate.outcome
    link = decision.state.link
    return {
        "enabled": decision.state.enabled,
        "feature_state_value": decision.value,
        "variant": decision.variant,
        "source": decision.source,
        "segment": {"id": decision.segment.id, "name": decision.segment.name} if decision.segment else None,
        "priority": link.priority if link else None,
        "bucket": candidate.bucket,
        "shares": _shares(decision),
    }


def _shares(decision: Decision) -> Sequence[Explanation]:
    """Of what splits identities by percentage: which part of 0 to 100 each option takes, in order."""
    if not decision.is_split:
        return []
    shares = sorted(decision.state.allocations, key=lambda share: share.id)
    return [{"option": share.option_id, "percentage": share.percentage} for share in shares]
