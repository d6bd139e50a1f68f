"""Environments and what is counted in them."""

from django.db.models import QuerySet

from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState


def live() -> QuerySet[Environment]:
    """Environments that exist, as do their project and organisation, which come along."""
    return Environment.live.filter(
        project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True
    ).select_related("project__organisation")


def segment_overrides_of(environment: Environment) -> QuerySet[FeatureSegment]:
    return FeatureSegment.current.filter(
        environment=environment, feature__deleted_at__isnull=True, segment__deleted_at__isnull=True
    )


def metrics(environment: Environment) -> dict[str, int]:
    """What the dashboard counts; change requests only where they are in use. Four statements."""
    features = Feature.live.filter(project=environment.project)
    states = FeatureState.current.filter(environment=environment, feature__in=features)
    defaults = states.filter(feature_segment=None, identity_id=None)
    counts = {
        "total_features": features.count(),
        "enabled_features": defaults.filter(enabled=True).count(),
        "segment_overrides": states.filter(feature_segment__deleted_at=None, feature_segment__isnull=False).count(),
        "identity_overrides": states.filter(identity_id__isnull=False).count(),
    }
    if environment.minimum_change_request_approvals is not None:
        counts |= {"open_change_requests": 0, "total_scheduled_changes": 0}
    return counts
