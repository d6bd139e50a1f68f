"""All that a feature is in one environment, changed in one call: its default and its segment overrides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import allocations, events, feature_segments, feature_states, values, versions
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db.models import Environment, Feature, FeatureState, FeatureVersion, MultivariateOption, Segment
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries


class UnfitUpdate(Exception):
    """The update contradicts itself, or the feature."""


class ChangeRequestsEnabled(Exception):
    """Flags of this environment are changed by change requests only."""


class NoSuchOverride(Exception):
    """The segment does not override the feature."""


@dataclass(frozen=True, slots=True)
class OverrideUpdate:
    segment: Segment
    change: Change
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What to change; None leaves a part as it is."""

    default: Change | None = None
    overrides: Sequence[OverrideUpdate] | None = None
    new_overrides_last: bool = False
    """Where new overrides without priority go: behind the others, or to their place in the list."""


@transaction.atomic
def merge(environment: Environment, feature: Feature, update: Update, *, by: Actor) -> None:
    """Set what is given. Overrides that are not named stay; new ones take what they lack from the default."""
    work = _begin(environment, feature, update, by)
    default = _default(work)
    if update.default:
        feature_states.apply(default, update.default)
    _set_overrides(work, update, default, completes_all=False)
    _end(work)


@transaction.atomic
def replace_parts(environment: Environment, feature: Feature, update: Update, *, by: Actor) -> None:
    """Make the given parts exactly what is given: the default is otherwise off and empty, other overrides go."""
    work = _begin(environment, feature, update, by)
    default = _default(work)
    if update.default:
        off = Change(False, values.of_native(None), _no_shares(feature))
        feature_states.apply(default, _completed(update.default, off))
    if update.overrides is not None:
        kept = {override.segment.pk for override in update.overrides}
        gone = [state for state in work.overrides() if _segment_id(state) not in kept]
        feature_segments.remove_links([state.feature_segment_id for state in gone if state.feature_segment_id])
        _set_overrides(work, update, default, completes_all=True)
    _end(work)


@transaction.atomic
def delete_override(environment: Environment, feature: Feature, segment_id: int, *, by: Actor) -> None:
    work = _begin(environment, feature, Update(), by)
    states = [state for state in work.overrides() if _segment_id(state) == segment_id]
    if not states:
        raise NoSuchOverride
    feature_segments.remove_links([state.feature_segment_id for state in states if state.feature_segment_id])
    _end(work)


@dataclass(frozen=True, slots=True)
class _Work:
    """An update under way; with v2 versioning in a version of its own."""

    environment: Environment
    feature: Feature
    by: Actor
    before: dict[str, Any]
    version: FeatureVersion | None

    def overrides(self) -> list[FeatureState]:
        return queries.overrides(self.environment, self.feature, self.version)


def _begin(environment: Environment, feature: Feature, update: Update, by: Actor) -> _Work:
    locked = lock_environment(environment)
    if locked.minimum_change_request_approvals is not None:
        raise ChangeRequestsEnabled
    options = set(feature.multivariate_options.values_list("pk", flat=True))
    changes = [update.default, *(override.change for override in update.overrides or ())]
    for change in changes:
        if change and change.shares is not None:
            _check_variants(options, change.shares)
    before = _facts(environment, feature)
    version = versions.begin(environment, feature, by=by) if locked.use_v2_feature_versioning else None
    return _Work(environment, feature, by, before, version)


def _end(work: _Work) -> None:
    if work.version:
        before = work.version.base and versions.facts(work.version.base)
        versions.release(work.version, by=work.by)
        after = versions.facts(work.version)
        events.record(work.by, "version.published", work.version.pk, scope=work.environment, before=before, after=after)
    else:
        kind, after = "feature.updated_in_environment", _facts(work.environment, work.feature)
        events.record(work.by, kind, work.feature.pk, scope=work.environment, before=work.before, after=after)
    publish(work.environment)


def _default(work: _Work) -> FeatureState:
    default = queries.default(work.environment, work.feature, work.version)
    return default or feature_states.insert(work.environment, work.feature, Change(), version=work.version)


def _set_overrides(work: _Work, update: Update, default: FeatureState, *, completes_all: bool) -> None:
    """`completes_all`: overrides that are there already take what they lack from the default, too."""
    environment, feature, version = work.environment, work.feature, work.version
    present = {_segment_id(state): state for state in reversed(work.overrides())}
    inherited = Change(default.enabled, values.columns_of(default), _shares_of(default))
    priorities: dict[int, int] = {}
    for position, override in enumerate(update.overrides or ()):
        state = present.get(override.segment.pk)
        wanted = override.change if state and not completes_all else _completed(override.change, inherited)
        place = override.priority
        if place is None and (completes_all or (state is None and not update.new_overrides_last)):
            place = position
        if state is None:
            link = feature_segments.insert_link(environment, feature, override.segment, priority=None, version=version)
            state = feature_states.insert(environment, feature, wanted, link=link, version=version)
        else:
            feature_states.apply(state, wanted)
        if place is not None and state.feature_segment_id:
            if place in priorities.values():
                raise UnfitUpdate(f"Duplicate priority: {place}.")
            priorities[state.feature_segment_id] = place
    feature_segments.arrange(environment, feature, priorities, version)


def _completed(change: Change, rest: Change) -> Change:
    return replace(
        rest, **{name: value for name in ("enabled", "value", "shares") if (value := getattr(change, name)) is not None}
    )


def _shares_of(state: FeatureState) -> list[Share]:
    return [Share(row.option_id, row.percentage) for row in state.allocations.order_by("pk")]


def _no_shares(feature: Feature) -> list[Share]:
    options = MultivariateOption.objects.filter(feature=feature).order_by("pk")
    return [Share(pk, 0) for pk in options.values_list("pk", flat=True)]


def _check_variants(options: set[int], shares: Sequence[Share]) -> None:
    named = {share.option_id for share in shares}
    if named and not options:
        raise UnfitUpdate("Feature is not multivariate.")
    if named - options:
        raise UnfitUpdate("Variant not found.")
    if named != options:
        raise UnfitUpdate("Must include all feature's variants.")
    if allocations.exceeds_everybody(share.percentage for share in shares):
        raise UnfitUpdate("Total weight must not exceed 100.")


def _facts(environment: Environment, feature: Feature) -> dict[str, Any]:
    default = queries.default(environment, feature)
    return {
        "default": default and feature_states.facts(default),
        "overrides": [
            {
                **feature_states.facts(state),
                "segment_id": _segment_id(state),
                "priority": state.feature_segment.priority,
            }
            for state in queries.overrides(environment, feature)
            if state.feature_segment
        ],
    }


def _segment_id(state: FeatureState) -> int:
    assert state.feature_segment is not None
    return state.feature_segment.segment_id
