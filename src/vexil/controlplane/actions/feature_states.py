"""What a feature is in an environment: for everybody, for a segment, for an identity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import allocations, events, state_facts, values, version_copies
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.actions.values import ValueColumns
from vexil.controlplane.db.models import (
    Allocation,
    Environment,
    Feature,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
    MultivariateOption,
)
from vexil.controlplane.permissions import Actor
from vexil.stores.identities import Identity


class StateExists(Exception):
    """The feature has a state for this environment, segment link or identity already."""


class UsesVersions(Exception):
    """With v2 versioning, defaults and segment overrides change by new versions only."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to set in a state; None leaves it as it is."""

    enabled: bool | None = None
    value: ValueColumns | None = None
    shares: Sequence[Share] | None = None


def create_defaults(*, environments: Iterable[Environment], features: Iterable[Feature]) -> None:
    """Each feature's state for everybody in each environment. Rows only: callers record and publish."""
    features, now = list(features), timezone.now()
    states = []
    for environment in environments:
        versions = version_copies.first_versions(environment, features, now=now)
        states += [_fresh(environment, feature, versions.get(feature.pk)) for feature in features]
    FeatureState.objects.bulk_create(states)
    _allocate_defaults(states, features)


@transaction.atomic
def create(
    environment: Environment,
    feature: Feature,
    change: Change,
    *,
    by: Actor,
    link: FeatureSegment | None = None,
    identity: Identity | None = None,
) -> FeatureState:
    """A feature's state for a segment (`link`), an identity or, with neither, for everybody."""
    locked = lock_environment(environment)
    if locked.use_v2_feature_versioning and identity is None:
        raise UsesVersions
    state = insert(environment, feature, change, link=link, identity=identity)
    events.record(by, "feature_state.created", state.pk, scope=environment, after=facts(state))
    publish(environment)
    return state


def insert(
    environment: Environment,
    feature: Feature,
    change: Change,
    *,
    link: FeatureSegment | None = None,
    identity: Identity | None = None,
    version: FeatureVersion | None = None,
) -> FeatureState:
    """The row alone, for actions that create more than that; they hold the environment's lock, record and publish."""
    identity_id = identity.id if identity else None
    same_place = FeatureState.live.filter(
        environment=environment, feature_segment=link, identity_id=identity_id, feature_version=version
    )
    if (same_place if link else same_place.filter(feature=feature)).exists():
        raise StateExists
    state = _fresh(environment, feature, version)
    state.feature_segment = link
    state.identity_id = identity_id
    state.identity_identifier = identity.identifier if identity else None
    if version:
        state.live_from = None  # the version's time counts
    if link or identity:
        state.enabled = False
    elif change.shares is None:
        state.save()
        _allocate_defaults([state], [feature])
    apply(state, change)
    return state


def apply(state: FeatureState, change: Change) -> None:
    """Save a change of a row alone, for actions that change more than that; they lock, record and publish."""
    if change.enabled is not None:
        state.enabled = change.enabled
    values.write(state, change.value or {})
    state.save()
    if change.shares is not None:
        allocations.replace(state, change.shares)


@transaction.atomic
def update(state: FeatureState, change: Change, *, by: Actor) -> FeatureState:
    """The state as it is afterwards. Only what is given changes, so two people may change two things at once."""
    state = _locked(state)
    before = facts(state)
    apply(state, change)
    events.record(by, "feature_state.updated", state.pk, scope=state.environment, before=before, after=facts(state))
    publish(state.environment)
    return state


@transaction.atomic
def delete(state: FeatureState, *, by: Actor) -> None:
    state = _locked(state)
    events.record(by, "feature_state.deleted", state.pk, scope=state.environment, before=facts(state))
    FeatureState.live.filter(pk=state.pk).update(deleted_at=timezone.now())
    publish(state.environment)


@transaction.atomic
def copy_overrides(environment: Environment, *, source: Identity, target: Identity, by: Actor) -> None:
    """Make one identity's overrides those of another; what it had before is gone."""
    lock_environment(environment)
    overrides = FeatureState.live.filter(environment=environment).select_related("feature")
    before = [facts(state) for state in overrides.filter(identity_id=target.id)]
    overrides.filter(identity_id=target.id).update(deleted_at=timezone.now())
    after = []
    for state in overrides.filter(identity_id=source.id).order_by("pk"):
        shares = [Share(row.option_id, row.percentage) for row in state.allocations.order_by("pk")]
        change = Change(state.enabled, values.columns_of(state), shares)
        after.append(facts(insert(environment, state.feature, change, identity=target)))
    events.record(
        by,
        "identity.overrides_copied",
        target.id,
        scope=environment,
        before={"states": before},
        after={"states": after},
    )
    publish(environment)


def facts(state: FeatureState) -> dict[str, Any]:
    """What an event tells of a state."""
    return state_facts.of(state)


def _locked(state: FeatureState) -> FeatureState:
    """The state as it is under the environment's lock; raise `UsesVersions` when it may not be written directly."""
    environment = lock_environment(state.environment)
    rows = FeatureState.live.select_related("environment__project", "feature", "feature_version")
    state = rows.get(pk=state.pk)
    is_draft = state.feature_version is not None and not state.feature_version.published
    if environment.use_v2_feature_versioning and state.identity_id is None and not is_draft:
        raise UsesVersions
    return state


def _fresh(environment: Environment, feature: Feature, version: FeatureVersion | None) -> FeatureState:
    """A new state as the feature's own settings want it."""
    state = FeatureState(environment=environment, feature=feature, feature_version=version)
    if not environment.project.prevent_flag_defaults:
        state.enabled = feature.default_enabled
        values.write(state, values.of_text(feature.initial_value))
    return state


def _allocate_defaults(states: Iterable[FeatureState], features: Iterable[Feature]) -> None:
    options: dict[int, list[MultivariateOption]] = {feature.pk: [] for feature in features}
    for option in MultivariateOption.objects.filter(feature_id__in=options).order_by("pk"):
        options[option.feature_id].append(option)
    Allocation.objects.bulk_create(
        Allocation(feature_state=state, option=option, percentage=option.default_percentage_allocation)
        for state in states
        for option in options[state.feature_id]
    )
