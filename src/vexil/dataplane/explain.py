"""`POST /api/v1/identities/explain/`: each flag's value for one identity, and why. Server keys only.

Takes what `POST /api/v1/identities/` takes; stored traits and overrides count, and nothing is written.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from vexil import engine
from vexil.dataplane import bodies, forms, rsgi, subjects, traits
from vexil.dataplane.decisions import Decision
from vexil.dataplane.environments import Access
from vexil.dataplane.flags import updated_at
from vexil.dataplane.forms import GivenIdentity
from vexil.dataplane.identities import Find
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.dataplane.traits import ShownTrait
from vexil.stores.identities import Identity
from vexil.wire import json_text, snapshot


class Explain:
    def __init__(self, find: Find, body_bytes_max: int) -> None:
        self._find = find
        self._body_bytes_max = body_bytes_max

    async def post(self, request: Request) -> Response:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        given = forms.identity_in_short(bodies.parse(body, request.headers.get("content-type")))
        access = request.access
        identity = await self._find(access.environment.id, given.identifier) if given.identifier else None
        # Each step of each segment takes its time: other requests must not wait for it.
        explanation = await asyncio.to_thread(_explained, access, given, identity)
        return Response(200, updated_at(access.environment.updated_at_text), json_text.dumps(explanation))


def _explained(access: Access, given: GivenIdentity, identity: Identity | None) -> dict[str, Any]:
    environment = access.environment
    shown = traits.overlaid(traits.stored(identity), given.traits, all_transient=True)
    identifier = given.identifier or subjects.anonymous_identifier(shown)
    subject = subjects.subject(environment, identifier, identity, shown)
    overrides = environment.identity_overrides.get(identifier) if given.identifier else None
    segments = access.view.decisions.all_segments
    traces = [engine.explain_segment(str(segment.id), segment.rules, subject) for segment in segments]
    return {
        "identifier": identifier,
        "traits": list(map(_trait, shown)),
        "segments": [_segment(*pair) for pair in zip(segments, traces, strict=True)],
        "flags": _flags(access, subject, overrides),
    }


def _trait(trait: ShownTrait) -> dict[str, Any]:
    return {"trait_key": trait.key, "trait_value": trait.value, "transient": trait.transient}


def _segment(segment: snapshot.Segment, trace: engine.SegmentTrace) -> dict[str, Any]:
    return {
        "id": segment.id,
        "name": segment.name,
        "matched": trace.is_matched,
        "deciding_condition": _condition(trace.deciding) if trace.deciding else None,
    }


def _condition(trace: engine.ConditionTrace) -> dict[str, Any]:
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


def _flags(
    access: Access, subject: engine.Subject, overrides: snapshot.IdentityOverrides | None
) -> list[dict[str, Any]]:
    decisions = access.view.decisions
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
    return [_flag(access, trace) for trace in traces]


def _flag(access: Access, trace: engine.FlagTrace[Decision]) -> dict[str, Any]:
    deciding = trace.deciding
    feature = deciding.outcome.feature
    return {
        "feature": {"id": feature.id, "name": feature.name, "type": feature.type},
        **_given(deciding),
        "hidden": access.view.hides_disabled and not deciding.outcome.state.enabled,
        "candidates": [_candidate(candidate, deciding) for candidate in trace.candidates],
    }


def _candidate(candidate: engine.Candidate[Decision], deciding: engine.Candidate[Decision]) -> dict[str, Any]:
    return {**_given(candidate), "applies": candidate.applies, "decides": candidate is deciding}


def _given(candidate: engine.Candidate[Decision]) -> dict[str, Any]:
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


def _shares(decision: Decision) -> Sequence[dict[str, Any]]:
    """Of what splits identities by percentage: which part of 0 to 100 each option takes, in order."""
    if not decision.is_split:
        return []
    shares = sorted(decision.state.allocations, key=lambda share: share.id)
    return [{"option": share.option_id, "percentage": share.percentage} for share in shares]
