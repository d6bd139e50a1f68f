"""Feature states for lists, and the one of each feature that decides for an identity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from vexil import engine
from vexil.controlplane.db.models import Allocation, Environment, Feature, FeatureState, FeatureVersion
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.queries import segments
from vexil.stores.identities import Identity
from vexil.wire.snapshot import FlagValue


@dataclass(frozen=True, slots=True)
class Decision:
    """What an identity gets for a feature, and the state that says so."""

    state: FeatureState
    value: FlagValue
    shares: Sequence[Allocation]
    """Those of the state, with their options."""


_ALLOCATIONS = Prefetch("allocations", queryset=Allocation.objects.select_related("option").order_by("pk"))


def counting() -> QuerySet[FeatureState]:
    """States that count now, on their own: for lists, where the rows that they refer to would cost most of the time."""
    return FeatureState.current.filter(feature__deleted_at=None)


def allocations_of(states: Iterable[FeatureState]) -> dict[int, list[Allocation]]:
    """By state, those that have any. One statement."""
    return _by_state(Allocation.objects.all(), states)


def _by_state(rows: QuerySet[Allocation], states: Iterable[FeatureState]) -> dict[int, list[Allocation]]:
    found: dict[int, list[Allocation]] = {}
    for row in rows.filter(feature_state__in=[state.pk for state in states]).order_by("pk"):
        found.setdefault(row.feature_state_id, []).append(row)
    return found


def complete() -> QuerySet[FeatureState]:
    """States that count now, with their environment, feature, link and allocations.

    One statement more, whatever their number.
    """
    return _completed(FeatureState.current.all())


def of_any_version() -> QuerySet[FeatureState]:
    """The same, with states of drafts and of versions that are over."""
    return _completed(FeatureState.live.all())


def _completed(states: QuerySet[FeatureState]) -> QuerySet[FeatureState]:
    return (
        states.filter(feature__deleted_at=None)
        .select_related("environment__project__organisation", "feature__project", "feature_segment__segment")
        .prefetch_related(_ALLOCATIONS)
    )


def default(environment: Environment, feature: Feature, version: FeatureVersion | None = None) -> FeatureState | None:
    """A feature's state for everybody; now, or in one version."""
    states = _in(version).filter(environment=environment, feature=feature, feature_segment=None, identity_id=None)
    return states.order_by("version", "pk").last()


def overrides(environment: Environment, feature: Feature, version: FeatureVersion | None = None) -> list[FeatureState]:
    """A feature's segment overrides, strongest first; now, or in one version."""
    links = {"feature_segment__deleted_at": None, "feature_segment__feature": feature}
    states = _in(version).filter(environment=environment, feature=feature, feature_segment__isnull=False, **links)
    return list(states.order_by("feature_segment__priority", "pk"))


def _in(version: FeatureVersion | None) -> QuerySet[FeatureState]:
    return of_any_version().filter(feature_version=version) if version else complete()


def of_identity(environment: Environment, identity: Identity) -> list[Decision]:
    """One decision per feature: the identity's override, else its strongest segment's, else the default.

    Three statements, whatever the size.
    """
    states = counting().filter(Q(identity_id=None) | Q(identity_id=identity.id), environment=environment)
    states = states.select_related("feature", "feature_segment__segment")
    candidates: dict[int, list[FeatureState]] = {}
    for state in states.order_by("feature_id", "pk"):
        candidates.setdefault(state.feature_id, []).append(state)
    subject = segments.subject_of(environment, identity)
    matching = {row.pk for row in segments.matching(environment.project, subject)}
    strongest = (_strongest(options, matching) for options in candidates.values())
    deciding = [state for state in strongest if state is not None]
    shares = _by_state(Allocation.objects.select_related("option"), deciding)
    return [_decision(state, shares.get(state.pk, ()), subject.key) for state in deciding]


def _strongest(candidates: list[FeatureState], matching: set[int]) -> FeatureState | None:
    ranked = [(rank, state.pk, state) for state in candidates if (rank := _rank(state, matching)) is not None]
    return min(ranked)[2] if ranked else None


def _rank(state: FeatureState, matching: set[int]) -> tuple[int, int] | None:
    """Lower is stronger; None does not apply."""
    if state.identity_id is not None:
        return 0, 0
    link = state.feature_segment
    if link is None:
        return 2, 0
    return (1, link.priority) if link.deleted_at is None and link.segment_id in matching else None


def _decision(state: FeatureState, shares: Sequence[Allocation], key: str | None) -> Decision:
    if state.feature.type != FeatureType.MULTIVARIATE:
        return Decision(state, state.value, shares)
    variants = tuple(engine.Variant(share.percentage, share.option.value) for share in shares)
    outcomes: engine.Outcomes[FlagValue] = engine.Outcomes(state.value, variants, state.seed)
    return Decision(state, outcomes.choose(key), shares)
