"""What an event tells of feature states."""

from typing import Any

from django.db.models import QuerySet

from vexil.controlplane.db.models import FeatureState


def of(state: FeatureState) -> dict[str, Any]:
    """One statement, or none where the allocations were fetched before."""
    shares = sorted(state.allocations.all(), key=lambda share: share.pk)
    return {
        "feature_id": state.feature_id,
        "feature_segment_id": state.feature_segment_id,
        "identity_id": state.identity_id,
        "identifier": state.identity_identifier,
        "enabled": state.enabled,
        "value": state.value,
        "allocations": {str(share.option_id): share.percentage for share in shares},
    }


def with_names(states: QuerySet[FeatureState]) -> list[FeatureState]:
    """The states with all that tells of them: two statements, whatever their number."""
    return list(states.select_related("feature", "feature_segment__segment").prefetch_related("allocations"))
