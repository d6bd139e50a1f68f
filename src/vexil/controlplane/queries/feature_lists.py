"""What a page of an environment's feature list shows, in three statements and one for the tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from vexil.controlplane.db.models import Environment, Feature, FeatureState, Project
from vexil.controlplane.queries.features import Situation


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many there are in the environment, and how many features the list found."""

    features: int
    enabled: int
    segment_overrides: int
    identity_overrides: int
    found: int


def numbers(environment: Environment, found: QuerySet[Feature]) -> Numbers:
    """One statement."""
    features = Feature.live.filter(project=environment.project_id)
    states = FeatureState.current.filter(environment=environment, feature__in=features)
    counts = {
        "features": _count(features, "project"),
        "enabled": _count(states.filter(feature_segment=None, identity_id=None, enabled=True), "environment"),
        "segment_overrides": _count(
            states.filter(feature_segment__deleted_at=None, feature_segment__isnull=False), "environment"
        ),
        "identity_overrides": _count(states.filter(identity_id__isnull=False), "environment"),
        "found": _count(found.prefetch_related(None).select_related(None), "project"),
    }
    row = Project.objects.filter(pk=environment.project_id).annotate(**_named(counts)).values(*_named(counts)).get()
    return Numbers(**{name: row[f"number_of_{name}"] for name in counts})


def situations(features: Sequence[Feature], environment: Environment) -> dict[int, Situation]:
    """By feature: its state for everybody, and how many overrides it has. One statement."""
    ids = [feature.pk for feature in features]
    defaults = _defaults().filter(environment=environment, feature__in=ids)
    return {state.feature_id: _situation(state) for state in defaults}


def in_environments(feature: Feature, environments: Sequence[Environment]) -> dict[int, Situation]:
    """The same of one feature, by environment."""
    ids = [environment.pk for environment in environments]
    defaults = _defaults().filter(feature=feature, environment__in=ids)
    return {state.environment_id: _situation(state) for state in defaults}


def _defaults() -> QuerySet[FeatureState]:
    beside = FeatureState.current.filter(environment=OuterRef("environment_id"), feature=OuterRef("feature_id"))
    of_segments = beside.filter(feature_segment__isnull=False, feature_segment__deleted_at=None)
    defaults = FeatureState.current.filter(feature_segment=None, identity_id=None).annotate(
        of_segments=_count(of_segments, "feature"),
        of_identities=_count(beside.filter(identity_id__isnull=False), "feature"),
    )
    return defaults.order_by("version", "pk")


def _situation(state: Any) -> Situation:
    return Situation(default=state, segment_overrides=state.of_segments, identity_overrides=state.of_identities)


def _count(rows: "QuerySet[Feature] | QuerySet[FeatureState]", common: str) -> Coalesce:
    """How many rows there are, all of which have the same value in `common`."""
    counted = rows.order_by().values(common).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def _named(counts: dict[str, Coalesce]) -> dict[str, Coalesce]:
    return {f"number_of_{name}": count for name, count in counts.items()}
