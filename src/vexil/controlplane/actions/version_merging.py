"""What others changed between the copying of a version and its going live stays changed.

A version is a copy of the one that counted when it was made. Where it differs from that one, it was changed on
purpose; everywhere else it takes what counts now, so that two people who work at once lose nothing.
"""

from collections.abc import Iterable
from typing import Any

from vexil.controlplane.actions import feature_segments, feature_states, values, version_copies
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.db.models import FeatureState, FeatureVersion
from vexil.controlplane.queries import versions as queries

Place = tuple[int | None, int]
"""The segment (None: everybody), and which of several links with it."""


def take_changes(version: FeatureVersion, present: FeatureVersion) -> None:
    """Bring a version up to the one that counts. Rows alone."""
    if version.base is None or version.base.pk == present.pk:
        return
    bases, own, theirs = (_by_place(queries.states(each)) for each in (version.base, version, present))
    for place in sorted({*own, *theirs}, key=str):
        base, mine, other = bases.get(place), own.get(place), theirs.get(place)
        if _content(mine) == _content(base) != _content(other):
            _take(version, mine, other)
        if mine and other and _priority(mine) == _priority(base):
            _move(mine, other)
    feature_segments.arrange(version.environment, version.feature, {}, version)


def _take(version: FeatureVersion, mine: FeatureState | None, other: FeatureState | None) -> None:
    if mine and other:
        shares = [Share(row.option_id, row.percentage) for row in other.allocations.all()]
        feature_states.apply(mine, Change(other.enabled, values.columns_of(other), shares))
    elif other:
        version_copies.copy_states([other], version.environment, {version.feature_id: version})
    elif mine and mine.feature_segment_id:
        feature_segments.remove_links([mine.feature_segment_id])


def _move(mine: FeatureState, other: FeatureState) -> None:
    if mine.feature_segment and other.feature_segment:
        mine.feature_segment.priority = other.feature_segment.priority
        mine.feature_segment.save(update_fields=["priority"])


def _by_place(states: Iterable[FeatureState]) -> dict[Place, FeatureState]:
    found: dict[Place, FeatureState] = {}
    for state in states:
        segment_id = state.feature_segment.segment_id if state.feature_segment else None
        number = sum(place[0] == segment_id for place in found)
        found[segment_id, number] = state
    return found


def _content(state: FeatureState | None) -> Any:
    if state is None:
        return None
    shares = {row.option_id: row.percentage for row in state.allocations.all()}
    return state.enabled, values.columns_of(state), shares


def _priority(state: FeatureState | None) -> int | None:
    return state.feature_segment.priority if state and state.feature_segment else None
