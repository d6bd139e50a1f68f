"""Segments, and which identities are in them."""

from collections.abc import Mapping

import msgspec
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vexil import engine
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, FeatureSegment, FeatureState, Project, Segment
from vexil.stores.identities import Identity, TraitValue
from vexil.wire import snapshot as wire


def live(project: Project) -> QuerySet[Segment]:
    """With what the Admin API shows of them; one statement more for their custom fields."""
    segments = Segment.live.filter(project=project).select_related("project", "feature")
    return segments.prefetch_related("metadata").order_by("pk")


def with_usage(segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Each with `override_count`: the features that it overrides, counted in every environment."""
    links = FeatureSegment.current.filter(
        segment=OuterRef("pk"), feature__deleted_at=None, environment__deleted_at=None
    )
    counted = links.order_by().values("segment").annotate(number=Count("pk")).values("number")
    return segments.annotate(override_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def overrides(segment: Segment) -> list[FeatureState]:
    """The segment's overrides that count now, by environment and feature. One statement."""
    states = FeatureState.current.filter(
        feature_segment__segment=segment,
        feature_segment__deleted_at=None,
        feature__deleted_at=None,
        environment__deleted_at=None,
    )
    return list(
        states.select_related("environment", "feature", "feature_segment").order_by("environment_id", "feature__name")
    )


def matching(project: Project, subject: engine.Subject) -> list[Segment]:
    """The segments that somebody is in; one statement."""
    return [
        row
        for row in Segment.live.filter(project=project).order_by("pk")
        if engine.compile_segment(str(row.split_id), msgspec.convert(row.rules, list[wire.Rule]))(subject)
    ]


def containing(project: Project, identity_id: int) -> list[int]:
    """Ids of the segments that an identity of one of the project's environments is in; none if it is unknown."""
    for environment in Environment.live.filter(project=project).order_by("pk"):
        identity = stores.current().identities.get(environment.pk, identity_id)
        if identity is not None:
            return [row.pk for row in matching(project, subject_of(environment, identity))]
    return []


def subject_of_anybody(
    environment: Environment, identifier: str, identity: Identity | None, given: Mapping[str, TraitValue]
) -> engine.Subject:
    """Somebody who may not be stored, with these traits over the stored ones."""
    stored = identity or Identity(0, environment.pk, identifier, 0, "[]")
    subject = subject_of(environment, stored)
    subject.traits = {**subject.traits, **given}
    if identity is None and not environment.use_identity_composite_key_for_hashing:
        subject.key = identifier
    return subject


def pattern_matches(pattern: str, sample: str) -> bool:
    """Whether a REGEX condition is met by a trait of this value, which counts as a number if it looks like one."""
    rule = wire.Rule("ALL", [wire.Condition("REGEX", "sample", pattern)])
    subject = engine.Subject(identifier="", key="", traits={"sample": sample}, environment_key="", environment_name="")
    return engine.compile_segment("0", [rule])(subject)


def subject_of(environment: Environment, identity: Identity) -> engine.Subject:
    """A stored identity as the engine sees it."""
    composite = environment.use_identity_composite_key_for_hashing
    return engine.Subject(
        identifier=identity.identifier,
        key=f"{environment.api_key}_{identity.identifier}" if composite else str(identity.id),
        traits=identity.trait_values(),
        environment_key=environment.api_key,
        environment_name=environment.name,
    )
