"""What people save from a page that they have looked at for a while: refused if it has changed meanwhile.

A page carries a fingerprint of what it showed. It is compared under the lock, so nothing comes between.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import feature_states, feature_updates, features, state_facts
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate, Update
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.actions.locks import lock_environment, lock_project
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import ValueColumns
from vexil.controlplane.db.models import Environment, Feature, FeatureState, Group, User
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries


class ChangedMeanwhile(Exception):
    """Somebody else has changed what is to be saved since it was shown."""


@dataclass(frozen=True, slots=True)
class VariationEdit:
    """An option with its share in this environment."""

    option: OptionFields
    percentage: float


@dataclass(frozen=True, slots=True)
class DefaultEdit:
    enabled: bool
    value: ValueColumns
    variations: Sequence[VariationEdit]
    """All that the feature shall have."""
    changes_options: bool
    """Whether the options themselves change, which all environments share; otherwise only their shares do."""
    seen: str


def seen_default(state: FeatureState | None) -> str:
    """The fingerprint of a state for everybody, or of one override."""
    return fingerprint(state and state_facts.of(state))


def seen_overrides(states: Iterable[FeatureState]) -> str:
    """The fingerprint of segment overrides, strongest first."""
    return fingerprint([_override_facts(state) for state in states])


def seen_feature(feature: Feature) -> str:
    return seen_settings(
        feature,
        [tag.pk for tag in feature.tags.all()],
        [user.pk for user in feature.owners.all()],
        [group.pk for group in feature.group_owners.all()],
        {row.model_field_id: row.field_value for row in feature.metadata.all()},
    )


def seen_settings(
    feature: Feature, tags: Iterable[int], owners: Iterable[int], groups: Iterable[int], texts: Mapping[int, str]
) -> str:
    """The same, for a page that has read these already."""
    columns = [feature.description, feature.is_archived, feature.is_server_key_only]
    return fingerprint([columns, sorted(tags), sorted(owners), sorted(groups), sorted(texts.items())])


def fingerprint(facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@transaction.atomic
def save_default(environment: Environment, feature: Feature, edit: DefaultEdit, *, by: Actor) -> None:
    """What everybody gets in an environment, with the feature's variations."""
    if edit.changes_options:
        lock_project(feature.project)
    lock_environment(environment)
    _check(seen_default(queries.default(environment, feature)), edit.seen)
    known = set(feature.multivariate_options.values_list("pk", flat=True))
    if edit.changes_options:
        fields = {} if edit.variations else {"type": FeatureType.STANDARD}
        changes = FeatureChanges(fields=fields, options=[each.option for each in edit.variations])
        features.update(feature, changes, by=by)
    present = feature.multivariate_options.order_by("pk").values_list("pk", flat=True)
    shares = _shares(edit.variations, iter([pk for pk in present if pk not in known]))
    change = Change(edit.enabled, edit.value, shares if known or shares else None)
    feature_updates.merge(environment, feature, Update(default=change), by=by)


@transaction.atomic
def save_overrides(
    environment: Environment, feature: Feature, overrides: Sequence[OverrideUpdate], *, seen: str, by: Actor
) -> None:
    """All segment overrides of a feature in an environment, strongest first; others go."""
    lock_environment(environment)
    _check(seen_overrides(queries.overrides(environment, feature)), seen)
    feature_updates.replace_parts(environment, feature, Update(overrides=overrides), by=by)


@transaction.atomic
def save_state(state: FeatureState, change: Change, *, seen: str, by: Actor) -> FeatureState:
    """An identity's override."""
    lock_environment(state.environment)
    _check(seen_default(FeatureState.live.filter(pk=state.pk).first()), seen)
    return feature_states.update(state, change, by=by)


@dataclass(frozen=True, slots=True)
class FeatureEdit:
    changes: FeatureChanges
    owners: Sequence[User]
    group_owners: Sequence[Group]
    seen: str


@transaction.atomic
def save_feature(feature: Feature, edit: FeatureEdit, *, by: Actor) -> None:
    """A feature's settings and owners."""
    lock_project(feature.project)
    _check(seen_feature(Feature.live.get(pk=feature.pk)), edit.seen)
    features.update(feature, edit.changes, by=by)
    owners, groups = list(feature.owners.all()), list(feature.group_owners.all())
    if gone := [user for user in owners if user not in edit.owners]:
        features.remove_owners(feature, gone, by=by)
    if new := [user for user in edit.owners if user not in owners]:
        features.add_owners(feature, new, by=by)
    if gone_groups := [group for group in groups if group not in edit.group_owners]:
        features.remove_group_owners(feature, gone_groups, by=by)
    if new_groups := [group for group in edit.group_owners if group not in groups]:
        features.add_group_owners(feature, new_groups, by=by)


def _check(present: str, seen: str) -> None:
    if present != seen:
        raise ChangedMeanwhile


def _shares(variations: Sequence[VariationEdit], new_ids: Iterator[int]) -> list[Share]:
    """New options have no id yet when they are written down; they get theirs in the order of the rows."""
    return [
        Share(each.option.id if each.option.id is not None else next(new_ids), each.percentage) for each in variations
    ]


def _override_facts(state: FeatureState) -> dict[str, Any]:
    # Its place tells of the priority, its segment what it is: ids of rows differ between versions.
    segment_id = state.feature_segment.segment_id if state.feature_segment else None
    return {**state_facts.of(state), "feature_segment_id": None, "segment_id": segment_id}
