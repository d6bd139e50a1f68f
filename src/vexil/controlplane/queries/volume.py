"""What is in a project and its environments, how near that is to the limits, and what makes a document large."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Max

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState, Project, Segment
from vexil.wire import snapshot
from vexil.wire.document_volume import DocumentVolume, measure

LARGE_VALUE_BYTES = 2_000
MANY_OVERRIDES = 100
FINDINGS_MAX = 50
_MEASURED_MAX = 100


@dataclass(frozen=True, slots=True)
class Fill:
    """How many there are of how many there may be."""

    count: int
    limit: int


@dataclass(frozen=True, slots=True)
class ProjectVolume:
    """Counts of a project against its limits; segment overrides by environment."""

    features: Fill
    archived_features: int
    segments: Fill
    segment_overrides: tuple[tuple[Environment, Fill], ...]


class Kind(StrEnum):
    """What can be done about a part of a document."""

    UNUSED_FEATURE = "unused_feature"
    """Not changed and not evaluated here for as long as the project calls stale: archive it."""
    UNUSED_SEGMENT = "unused_segment"
    """Overrides nothing in any environment: delete it."""
    MANY_OVERRIDES = "many_overrides"
    """Let a segment do the work of single overrides."""
    LARGE_VALUE = "large_value"
    """Let the value name where the rest is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the document that could be smaller, with what it weighs."""

    kind: Kind
    id: int
    """Of the feature, or of the segment."""
    name: str
    document_bytes: int
    overrides: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentVolume:
    """An environment's document: size, the time to write it, what it holds, and what makes it large, largest first."""

    version: int
    document_bytes: int
    build_seconds: float
    defaults: int
    segments: int
    segment_overrides: int
    identity_overrides: int
    archived_features: int
    findings: tuple[Finding, ...]


def of_project(project: Project) -> ProjectVolume:
    """Five statements."""
    overrides = FeatureSegment.current.filter(
        environment__project=project, feature__deleted_at=None, segment__deleted_at=None
    )
    counts = dict(overrides.order_by().values_list("environment").annotate(Count("pk")))
    features = Feature.live.filter(project=project)
    return ProjectVolume(
        features=Fill(features.count(), project.max_features_allowed),
        archived_features=features.filter(is_archived=True).count(),
        segments=Fill(Segment.live.filter(project=project).count(), project.max_segments_allowed),
        segment_overrides=tuple(
            (row, Fill(counts.get(row.pk, 0), project.max_segment_overrides_allowed))
            for row in Environment.live.filter(project=project).order_by("pk")
        ),
    )


def of_environment(environment: Environment, *, now: datetime) -> EnvironmentVolume | None:
    """Two statements and two looks at the stores; None before it is published. Remembered until it changes."""
    stored = stores.current().snapshots.body(environment.pk)
    if stored is None:
        return None
    version, body = stored
    source = snapshot.decode(body)
    volume = _measured(version, source)
    found = [
        *_unused_features(environment, source, volume, now),
        *_unused_segments(source, volume),
        *_large_features(source, volume),
    ]
    return EnvironmentVolume(
        version=version,
        document_bytes=volume.total_bytes,
        build_seconds=volume.build_seconds,
        defaults=volume.defaults,
        segments=len(volume.segment_bytes),
        segment_overrides=volume.segment_overrides.total(),
        identity_overrides=volume.identity_overrides.total(),
        archived_features=sum(feature.is_archived for feature in source.features),
        findings=tuple(sorted(found, key=lambda finding: (-finding.document_bytes, finding.name))[:FINDINGS_MAX]),
    )


_measurements: dict[str, tuple[int, DocumentVolume]] = {}
"""By client key: the version measured last."""
_lock = threading.Lock()


def _measured(version: int, source: snapshot.Snapshot) -> DocumentVolume:
    """Measuring a document of 30 MB takes seconds, so it is done once for a version, by one request at a time."""
    with _lock:
        known = _measurements.get(source.environment.api_key)
        if known is not None and known[0] == version:
            return known[1]
        if len(_measurements) >= _MEASURED_MAX:
            _measurements.clear()
        volume = measure(source)
        _measurements[source.environment.api_key] = (version, volume)
        return volume


def _unused_features(
    environment: Environment, source: snapshot.Snapshot, volume: DocumentVolume, now: datetime
) -> Iterator[Finding]:
    since = now - timedelta(days=environment.project.stale_flags_limit_days)
    evaluated = stores.current().evaluations.last([environment.pk], since)
    states = FeatureState.current.filter(environment=environment).order_by().values_list("feature")
    changed = dict(states.annotate(Max("updated_at")))
    for feature in source.features:
        changed_at = changed.get(feature.id)
        is_old = changed_at is not None and changed_at < since
        if feature.id in volume.feature_bytes and is_old and (environment.pk, feature.name) not in evaluated:
            size = volume.feature_bytes[feature.id]
            yield Finding(Kind.UNUSED_FEATURE, feature.id, feature.name, size, changed_at=changed_at)


def _unused_segments(source: snapshot.Snapshot, volume: DocumentVolume) -> Iterator[Finding]:
    candidates = [row for row in source.segments if row.id in volume.segment_bytes and not row.overrides]
    links = FeatureSegment.current.filter(segment__in=[row.id for row in candidates], feature__deleted_at=None)
    used = set(links.filter(environment__deleted_at=None).values_list("segment_id", flat=True))
    for row in candidates:
        if row.id not in used:
            yield Finding(Kind.UNUSED_SEGMENT, row.id, row.name, volume.segment_bytes[row.id])


def _large_features(source: snapshot.Snapshot, volume: DocumentVolume) -> Iterator[Finding]:
    for feature in source.features:
        overrides = volume.segment_overrides[feature.id] + volume.identity_overrides[feature.id]
        if overrides >= MANY_OVERRIDES:
            size = volume.override_bytes[feature.id]
            yield Finding(Kind.MANY_OVERRIDES, feature.id, feature.name, size, overrides=overrides)
        if (size := volume.value_bytes[feature.id]) >= LARGE_VALUE_BYTES:
            yield Finding(Kind.LARGE_VALUE, feature.id, feature.name, size, overrides=overrides)
