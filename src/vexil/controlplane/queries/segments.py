"""Segments, and which identities are in them."""

import msgspec
from django.db.models import QuerySet

from vexil import engine
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Project, Segment
from vexil.stores.identities import Identity
from vexil.wire import snapshot as wire


def live(project: Project) -> QuerySet[Segment]:
    """With what the Admin API shows of them; one statement more for their custom fields."""
    segments = Segment.live.filter(project=project).select_related("project", "feature")
    return segments.prefetch_related("metadata").order_by("pk")


def matching(project: Project, subject: engine.Subject) -> list[Segment]:
    """The segments that somebody is in; one statement."""
    return [
        row
        for row in Segment.live.filter(project=project).order_by("pk")
        if engine.compile_segment(str(row.pk), msgspec.convert(row.rules, list[wire.Rule]))(subject)
    ]


def containing(project: Project, identity_id: int) -> list[int]:
    """Ids of the segments that an identity of one of the project's environments is in; none if it is unknown."""
    for environment in Environment.live.filter(project=project).order_by("pk"):
        identity = stores.current().identities.get(environment.pk, identity_id)
        if identity is not None:
            return [row.pk for row in matching(project, subject_of(environment, identity))]
    return []


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
