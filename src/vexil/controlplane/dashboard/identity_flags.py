"""The flags of one identity in words: what it gets, why, and what else could have decided."""

from dataclasses import dataclass
from typing import Any

from vexil.controlplane.dashboard import traits
from vexil.controlplane.db.models import Environment
from vexil.controlplane.queries import explanations
from vexil.controlplane.queries.explanations import Explained
from vexil.controlplane.queries.segments import subject_of_anybody
from vexil.reasons.explanations import Explanation
from vexil.stores.identities import Identity
from vexil.wire.snapshot import FlagValue

_SOURCES = {"default": "Environment default", "segment_override": "Segment", "identity_override": "Own override"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that decides, or could have decided."""

    label: str
    enabled: bool
    value: str
    note: str
    decides: bool
    applies: bool


@dataclass(frozen=True, slots=True)
class FlagRow:
    feature_id: int
    name: str
    is_multivariate: bool
    enabled: bool
    value: FlagValue
    shown: str
    variant: str | None
    source: str
    reason: str
    is_own: bool
    is_hidden: bool
    candidates: tuple[Candidate, ...]


def explained(environment: Environment, identity: Identity) -> Explained:
    subject = subject_of_anybody(environment, identity.identifier, identity, {})
    return explanations.explain(environment, subject, is_stored=True)


def rows_of(found: Explained) -> list[FlagRow]:
    """One row a flag, by name."""
    conditions = {segment["id"]: _condition(segment["deciding_condition"]) for segment in found.segments}
    return sorted((_row(flag, conditions) for flag in found.flags), key=lambda row: row.name.lower())


def _row(flag: Explanation, conditions: dict[int, str]) -> FlagRow:
    return FlagRow(
        feature_id=flag["feature"]["id"],
        name=flag["feature"]["name"],
        is_multivariate=flag["feature"]["type"] == "MULTIVARIATE",
        enabled=flag["enabled"],
        value=flag["feature_state_value"],
        shown=traits.shown(flag["feature_state_value"]),
        variant=flag["variant"],
        source=flag["source"],
        reason=_reason(flag, conditions),
        is_own=flag["source"] == "identity_override",
        is_hidden=flag["hidden"],
        candidates=tuple(_candidate(candidate, conditions) for candidate in flag["candidates"]),
    )


def _candidate(candidate: Explanation, conditions: dict[int, str]) -> Candidate:
    segment = candidate["segment"]
    label = f"Segment “{segment['name']}”" if segment else _SOURCES[candidate["source"]]
    note = ""
    if segment:
        note = ("in it: " if candidate["applies"] else "not in it: ") + (
            conditions.get(segment["id"]) or "no condition"
        )
    return Candidate(
        label,
        candidate["enabled"],
        traits.shown(candidate["feature_state_value"]),
        note,
        candidate["decides"],
        candidate["applies"],
    )


def _reason(flag: Explanation, conditions: dict[int, str]) -> str:
    segment = flag["segment"]
    text = f"Segment “{segment['name']}”: {conditions.get(segment['id'], '')}" if segment else _SOURCES[flag["source"]]
    if flag["bucket"] is None or not flag["shares"]:
        return text.removesuffix(": ")
    chosen = (
        "control value"
        if flag["variant"] == "control"
        else f"variation {flag['variant'] or traits.shown(flag['feature_state_value'])}"
    )
    return f"{text.removesuffix(': ')} · falls at {flag['bucket']:.2f} % → {chosen}"


def _condition(condition: dict[str, Any] | None) -> str:
    """The condition that made somebody belong to a segment, or kept them out."""
    if condition is None:
        return ""
    if condition["bucket"] is not None:
        return f"{condition['bucket']:.2f} % of {condition['value']} %"
    actual = "is not set" if condition["actual"] is None else f"is {traits.shown(condition['actual'])}"
    return f"{condition['property']} {actual}"
