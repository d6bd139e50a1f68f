"""Environments and what is counted in them."""

from django.db.models import QuerySet

from vexil.controlplane.db.models import Environment, FeatureSegment


def live() -> QuerySet[Environment]:
    """Environments that exist, as do their project and organisation, which come along."""
    return Environment.live.filter(
        project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True
    ).select_related("project__organisation")


def segment_overrides_of(environment: Environment) -> QuerySet[FeatureSegment]:
    return FeatureSegment.live.filter(
        environment=environment, feature__deleted_at__isnull=True, segment__deleted_at__isnull=True
    )
