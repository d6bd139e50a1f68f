"""What features are in one environment, copied to another: value and segment overrides, not identity overrides."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from vexil.controlplane.actions import edits, feature_updates, values
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.edits import ChangedMeanwhile
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate, Update
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.db.models import Environment, Feature, FeatureState
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries


@dataclass(frozen=True, slots=True)
class Copy:
    """One feature, and which parts of it; `seen` is the fingerprint of both sides as they were previewed."""

    feature: Feature
    default: bool
    overrides: bool
    seen: str


def seen_sides(source: Sequence[FeatureState], target: Sequence[FeatureState]) -> str:
    """The fingerprint of a feature in two environments."""
    return edits.fingerprint([_seen(source), _seen(target)])


@transaction.atomic
def copy(source: Environment, target: Environment, copies: Sequence[Copy], *, by: Actor) -> None:
    """All of them, or none: raises `ChangedMeanwhile` if one is not as it was previewed."""
    for environment in sorted((source, target), key=lambda each: each.pk):
        lock_environment(environment)
    for wanted in copies:
        here, there = _states(source, wanted.feature), _states(target, wanted.feature)
        if seen_sides(here, there) != wanted.seen:
            raise ChangedMeanwhile
        default = next((_change(state) for state in here if not state.feature_segment), None)
        overrides = [
            OverrideUpdate(state.feature_segment.segment, _change(state)) for state in here if state.feature_segment
        ]
        update = Update(default=default if wanted.default else None, overrides=overrides if wanted.overrides else None)
        feature_updates.replace_parts(target, wanted.feature, update, by=by)


def _states(environment: Environment, feature: Feature) -> list[FeatureState]:
    """The default first, then segment overrides, strongest first."""
    default = queries.default(environment, feature)
    return [*([default] if default else []), *queries.overrides(environment, feature)]


def _change(state: FeatureState) -> Change:
    shares = [Share(row.option_id, row.percentage) for row in state.allocations.all()]
    return Change(state.enabled, values.columns_of(state), shares)


def _seen(states: Sequence[FeatureState]) -> list[object]:
    return [
        [
            state.feature_segment.segment_id if state.feature_segment else None,
            state.enabled,
            state.value,
            sorted((row.option_id, row.percentage) for row in state.allocations.all()),
        ]
        for state in sorted(states, key=_place)
    ]


def _place(state: FeatureState) -> tuple[int, int, int]:
    link = state.feature_segment
    return (1, link.priority, state.pk) if link else (0, 0, state.pk)
