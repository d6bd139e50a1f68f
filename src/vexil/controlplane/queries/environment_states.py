"""All that features are in several environments, for comparing them."""

from collections.abc import Sequence

from django.db.models import Prefetch, QuerySet

from vexil.controlplane.db.models import Allocation, Environment, Feature, FeatureState
from vexil.controlplane.db.models.features import ValueType

ByFeature = dict[int, list[FeatureState]]


def of(features: Sequence[Feature], environments: Sequence[Environment]) -> dict[int, ByFeature]:
    """By environment and feature: defaults and segment overrides that count now. Two statements, one without shares."""
    states = _current(environments).filter(feature__in=[each.pk for each in features])
    shares = Prefetch("allocations", queryset=Allocation.objects.select_related("option").order_by("pk"))
    found: dict[int, ByFeature] = {each.pk: {} for each in environments}
    for state in states.select_related("feature_segment__segment").prefetch_related(shares).order_by("version", "pk"):
        found[state.environment_id].setdefault(state.feature_id, []).append(state)
    return found


def differing(project_id: int, left: Environment, right: Environment, search: str = "") -> tuple[list[int], list[int]]:
    """Ids of all features that fit, and of those that differ, by name.

    Three statements, without building a row of a model: projects have thousands of states.
    """
    fitting = Feature.live.filter(project=project_id, is_archived=False, name__icontains=search)
    ids = list(fitting.order_by("name", "pk").values_list("pk", flat=True))
    states = _current([left, right]).filter(feature__project=project_id)
    contents: dict[tuple[int, int], list[tuple[object, ...]]] = {}
    shares = _shares(states)
    for pk, environment, feature, segment, _, enabled, *value in states.order_by(
        "feature_segment__priority", "version", "pk"
    ).values_list(
        "pk",
        "environment_id",
        "feature_id",
        "feature_segment__segment_id",
        "feature_segment__priority",
        "enabled",
        "type",
        "integer_value",
        "string_value",
        "boolean_value",
    ):
        content = (segment, enabled, _counting(*value), shares.get(pk))
        contents.setdefault((environment, feature), []).append(content)
    return ids, [pk for pk in ids if _all(contents, left, pk) != _all(contents, right, pk)]


def _current(environments: Sequence[Environment]) -> QuerySet[FeatureState]:
    """Defaults and segment overrides."""
    return FeatureState.current.filter(
        environment__in=[each.pk for each in environments], identity_id=None, feature_segment__deleted_at=None
    )


def _shares(states: QuerySet[FeatureState]) -> dict[int, list[tuple[int, float]]]:
    """By state; shares of nobody are as good as none."""
    found: dict[int, list[tuple[int, float]]] = {}
    rows = Allocation.objects.filter(feature_state__in=states, percentage__gt=0).order_by("option_id")
    for state, option, percentage in rows.values_list("feature_state_id", "option_id", "percentage"):
        found.setdefault(state, []).append((option, percentage))
    return found


def _counting(kind: object, integer: object, string: object, boolean: object) -> tuple[object, object]:
    """The column that counts, with its type."""
    if kind == ValueType.INTEGER:
        return kind, integer
    return kind, boolean if kind == ValueType.BOOLEAN else string


def _all(
    contents: dict[tuple[int, int], list[tuple[object, ...]]], environment: Environment, feature_id: int
) -> list[tuple[object, ...]]:
    """The default, wherever the database sorts it, and the overrides in their order."""
    found = contents.get((environment.pk, feature_id), [])
    return [*(each for each in found if each[0] is None), *(each for each in found if each[0] is not None)]
