"""What a v2 version holds: states and segment overrides, which change as long as it is a draft."""

from dataclasses import dataclass

from django.db import transaction

from vexil.controlplane.actions import events, feature_segments, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.db.models import FeatureState, FeatureVersion, Segment
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries

_NO_DEFAULT = "Cannot create FeatureState objects that are not segment overrides."
_CONFLICT = "An unresolvable conflict occurred: segment override"


class VersionConflict(Exception):
    """What is asked for does not fit what the version holds."""


class Unchangeable(Exception):
    """The version is published, or could not do without what is to go."""


@dataclass(frozen=True, slots=True)
class StateOfVersion:
    """A state as it shall be; without a segment, the one for everybody."""

    change: Change
    segment: Segment | None = None
    priority: int | None = None


@transaction.atomic
def create(version: FeatureVersion, wanted: StateOfVersion, *, by: Actor) -> FeatureState:
    """A further segment override in a draft."""
    version = _locked_draft(version)
    state = insert(version, wanted)
    _record(by, "version.state_created", state, before=None, after=feature_states.facts(state))
    return state


@transaction.atomic
def update(state: FeatureState, change: Change, *, priority: int | None, by: Actor) -> FeatureState:
    version = _locked_draft(_version_of(state))
    state = queries.of_any_version().get(pk=state.pk)
    before = feature_states.facts(state)
    feature_states.apply(state, change)
    _place(version, state, priority)
    _record(by, "version.state_updated", state, before=before, after=feature_states.facts(state))
    return queries.of_any_version().get(pk=state.pk)


@transaction.atomic
def delete(state: FeatureState, *, by: Actor) -> None:
    """An override leaves a draft."""
    _locked_draft(_version_of(state))
    if state.feature_segment_id is None:
        raise Unchangeable("Cannot delete environment default feature state.")
    _record(by, "version.state_deleted", state, before=feature_states.facts(state), after=None)
    feature_segments.remove_links([state.feature_segment_id])


def insert(version: FeatureVersion, wanted: StateOfVersion) -> FeatureState:
    """The rows alone; so are those of `change` and `remove`."""
    if wanted.segment is None:
        raise VersionConflict(_NO_DEFAULT)
    if overrides_of(version, wanted.segment.pk):
        raise VersionConflict(f"{_CONFLICT} already exists for segment '{wanted.segment.pk}'")
    environment, feature = version.environment, version.feature
    link = feature_segments.insert_link(environment, feature, wanted.segment, priority=wanted.priority, version=version)
    return feature_states.insert(environment, feature, wanted.change, link=link, version=version)


def change(version: FeatureVersion, wanted: StateOfVersion) -> None:
    if wanted.segment is None:
        state = queries.default(version.environment, version.feature, version)
    else:
        state = next(iter(overrides_of(version, wanted.segment.pk)), None)
    if state is None:
        of_what = f" for segment '{wanted.segment.pk}'" if wanted.segment else ""
        raise VersionConflict(f"{_CONFLICT} does not exist{of_what}.")
    feature_states.apply(state, wanted.change)
    _place(version, state, wanted.priority)


def remove(version: FeatureVersion, segment_id: int) -> None:
    states = overrides_of(version, segment_id)
    feature_segments.remove_links([state.feature_segment_id for state in states if state.feature_segment_id])


def overrides_of(version: FeatureVersion, segment_id: int) -> list[FeatureState]:
    """The overrides for one segment: more than one where it was linked twice before there were versions."""
    states = queries.overrides(version.environment, version.feature, version)
    return [state for state in states if state.feature_segment and state.feature_segment.segment_id == segment_id]


def _place(version: FeatureVersion, state: FeatureState, priority: int | None) -> None:
    if priority is not None and state.feature_segment_id is not None:
        wanted = {state.feature_segment_id: priority}
        feature_segments.arrange(version.environment, version.feature, wanted, version)


def _version_of(state: FeatureState) -> FeatureVersion:
    assert state.feature_version is not None
    return state.feature_version


def _locked_draft(version: FeatureVersion) -> FeatureVersion:
    lock_environment(version.environment)
    version = FeatureVersion.live.select_related("environment__project", "feature").get(pk=version.pk)
    if version.published:
        raise Unchangeable("Cannot modify published version.")
    return version


def _record(by: Actor, kind: str, state: FeatureState, *, before: object, after: object) -> None:
    events.record(by, kind, state.pk, scope=state.environment, before=before, after=after)
