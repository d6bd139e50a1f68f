"""Features of an environment as a file holds them, and the files there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from vexil.controlplane import permissions
from vexil.controlplane.db.models import (
    Allocation,
    Environment,
    Feature,
    FeatureExport,
    FeatureImport,
    FeatureState,
    MultivariateOption,
    Project,
)
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import snapshot_states


def items(environment: Environment, tag_ids: Sequence[int], *, now: datetime) -> list[dict[str, Any]]:
    """One entry per feature that is not archived and, when tags are given, has one of them.

    Five statements, whatever the size.
    """
    defaults = {
        state.feature_id: state
        for state in snapshot_states.live_states(environment, now)
        if state.feature_segment_id is None and state.identity_id is None
    }
    features = Feature.live.filter(project=environment.project, is_archived=False)
    if tag_ids:
        features = features.filter(tags__in=tag_ids).distinct()
    options = Prefetch("multivariate_options", queryset=MultivariateOption.objects.order_by("pk"))
    rows = features.prefetch_related(options).order_by("pk")
    return [_item(feature, defaults[feature.pk]) for feature in rows if feature.pk in defaults]


def exports_of(by: Actor, project: Project) -> QuerySet[FeatureExport]:
    """Those of environments that the caller administers, newest first."""
    exports = FeatureExport.objects.filter(environment__in=_administered(by, project))
    return exports.select_related("environment").order_by("-created_at", "-pk")


def imports_of(by: Actor, project: Project) -> QuerySet[FeatureImport]:
    return FeatureImport.objects.filter(environment__in=_administered(by, project)).order_by("-created_at", "-pk")


def _administered(by: Actor, project: Project) -> list[int]:
    environments = Environment.live.filter(project=project).select_related("project__organisation")
    if permissions.is_project_admin(by, project):
        return list(environments.values_list("pk", flat=True))
    return [environment.pk for environment in environments if permissions.is_environment_admin(by, environment)]


def _item(feature: Feature, state: FeatureState) -> dict[str, Any]:
    shares: dict[int, Allocation] = {share.option_id: share for share in state.allocations.all()}
    return {
        "name": feature.name,
        "default_enabled": feature.default_enabled,
        "is_server_key_only": feature.is_server_key_only,
        "initial_value": feature.initial_value,
        "value": state.value,
        "type": state.type,
        "enabled": state.enabled,
        "multivariate": [
            {
                "percentage_allocation": shares[option.pk].percentage if option.pk in shares else 0.0,
                "default_percentage_allocation": option.default_percentage_allocation,
                "value": option.value,
                "type": option.type,
            }
            for option in feature.multivariate_options.all()
        ],
    }
