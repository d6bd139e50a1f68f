"""One change of many features at once: all of it happens, or nothing. Environments are published once."""

from collections.abc import Sequence

from django.db import transaction

from vexil.controlplane.actions import feature_updates, features
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import Update
from vexil.controlplane.actions.features import FeatureChanges
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.db.models import Environment, Feature, Tag
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries


@transaction.atomic
def switch(environment: Environment, chosen: Sequence[Feature], *, enabled: bool, by: Actor) -> int:
    """Switch features on or off for everybody in one environment; how many were not yet so."""
    lock_environment(environment)
    others = [feature for feature in chosen if not _is(environment, feature, enabled=enabled)]
    for feature in others:
        feature_updates.merge(environment, feature, Update(default=Change(enabled=enabled)), by=by)
    return len(others)


@transaction.atomic
def add_tags(chosen: Sequence[Feature], tags: Sequence[Tag], *, by: Actor) -> None:
    for feature in chosen:
        together = {tag.pk: tag for tag in (*feature.tags.all(), *tags)}
        features.update(feature, FeatureChanges(tags=list(together.values())), by=by)


@transaction.atomic
def set_archived(chosen: Sequence[Feature], *, archived: bool, by: Actor) -> None:
    for feature in chosen:
        features.update(feature, FeatureChanges(fields={"is_archived": archived}), by=by)


@transaction.atomic
def delete(chosen: Sequence[Feature], *, by: Actor) -> None:
    for feature in chosen:
        features.delete(feature, by=by)


def _is(environment: Environment, feature: Feature, *, enabled: bool) -> bool:
    default = queries.default(environment, feature)
    return default is not None and default.enabled == enabled
