"""Rows of v2 versions and the states in them. Rows alone: callers hold the lock, record and publish."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils import timezone

from vexil.controlplane.actions import values
from vexil.controlplane.db.models import (
    Allocation,
    Environment,
    Feature,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
)
from vexil.controlplane.queries import versions as queries

Versions = Mapping[int, FeatureVersion]
"""Versions by the id of their feature."""


def first_versions(environment: Environment, features: Iterable[Feature], *, now: datetime) -> Versions:
    """A published, nameless version of each feature; none where there is no v2 versioning."""
    if not environment.use_v2_feature_versioning:
        return {}
    moments = {"created_at": now, "live_from": now, "went_live_at": now}
    versions = [
        FeatureVersion(environment=environment, feature=feature, published=True, is_current=True, **moments)
        for feature in features
    ]
    return {version.feature_id: version for version in FeatureVersion.objects.bulk_create(versions)}


def fill(version: FeatureVersion) -> None:
    """Start a new version as a copy of the one that counts now."""
    version.base = queries.current(version.environment, version.feature)
    version.save()
    if version.base:
        copy_states(queries.states(version.base), version.environment, {version.feature_id: version})


def copy_states(originals: Iterable[FeatureState], environment: Environment, versions: Versions) -> list[FeatureState]:
    """Copies in an environment, with links and allocations of their own.

    They keep their originals' seeds, so that every identity keeps its variant.
    """
    originals = list(originals)
    links = {state.feature_segment_id: state.feature_segment for state in originals if state.feature_segment}
    new_links = {old_id: _copied_link(link, environment, versions) for old_id, link in links.items()}
    FeatureSegment.objects.bulk_create(new_links.values())
    copies = [
        FeatureState(
            environment=environment,
            feature_id=state.feature_id,
            feature_segment=new_links.get(state.feature_segment_id),
            feature_version=versions.get(state.feature_id),
            enabled=state.enabled,
            hashing_seed=state.seed,
            live_from=None if versions else timezone.now(),
            **values.columns_of(state),
        )
        for state in originals
    ]
    FeatureState.objects.bulk_create(copies)
    Allocation.objects.bulk_create(
        Allocation(feature_state=copy, option_id=share.option_id, percentage=share.percentage)
        for state, copy in zip(originals, copies, strict=True)
        for share in state.allocations.all()
    )
    return copies


def _copied_link(link: FeatureSegment, environment: Environment, versions: Versions) -> FeatureSegment:
    return FeatureSegment(
        environment=environment,
        feature_id=link.feature_id,
        segment_id=link.segment_id,
        priority=link.priority,
        feature_version=versions.get(link.feature_id),
    )
