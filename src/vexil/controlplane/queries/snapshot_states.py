"""An environment's live feature states, as rows and as the snapshot holds them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from vexil.controlplane.db.models import Allocation, Environment, FeatureState
from vexil.controlplane.db.models.features import typed_value
from vexil.wire import snapshot as wire


@dataclass(frozen=True, slots=True)
class States:
    """All of an environment, by what they are for; each list in order of id."""

    defaults: list[wire.State] = field(default_factory=list)
    by_segment: dict[int, list[wire.State]] = field(default_factory=dict)
    by_identity: dict[int, list[wire.State]] = field(default_factory=dict)


class _Row(NamedTuple):
    """What a snapshot needs of a state. A model for each of 50,000 identity overrides would take a second."""

    id: int
    uuid: UUID
    feature_id: int
    enabled: bool
    type: str
    integer_value: int | None
    string_value: str | None
    boolean_value: bool | None
    hashing_seed: str
    identity_id: int | None
    link_id: int | None
    priority: int | None
    segment_id: int | None


_LINK = {
    "link_id": "feature_segment_id",
    "priority": "feature_segment__priority",
    "segment_id": "feature_segment__segment_id",
}
_COLUMNS = [_LINK.get(name, name) for name in _Row._fields]


Shares = Mapping[int, Sequence[wire.Allocation]]
"""By state; most states have none."""


def shares_in(environments: Iterable[Environment]) -> Shares:
    """One statement, whatever the number of states."""
    found: dict[int, list[wire.Allocation]] = {}
    rows = Allocation.objects.filter(feature_state__environment__in=environments).order_by("pk")
    for pk, uuid, state_id, option_id, percentage in rows.values_list(
        "pk", "uuid", "feature_state_id", "option_id", "percentage"
    ):
        share = wire.Allocation(id=pk, uuid=str(uuid), option_id=option_id, percentage=percentage)
        found.setdefault(state_id, []).append(share)
    return found


def of_environment(environment: Environment, shares: Shares, *, now: datetime) -> States:
    """One statement, whatever their number."""
    rows = map(_Row._make, _live(environment, now).values_list(*_COLUMNS))
    newest = {(row.feature_id, row.link_id, row.identity_id): row for row in rows}
    states = States()
    for row in sorted(newest.values()):
        state = _state(row, shares.get(row.id, ()))
        if row.segment_id is not None:
            states.by_segment.setdefault(row.segment_id, []).append(state)
        if row.identity_id is not None:
            states.by_identity.setdefault(row.identity_id, []).append(state)
        if row.segment_id is None and row.identity_id is None:
            states.defaults.append(state)
    return states


def live_states(environment: Environment, now: datetime) -> list[FeatureState]:
    """Of each default, segment override and identity override the newest that is live, in order of id."""
    allocations = Prefetch("allocations", queryset=Allocation.objects.order_by("pk"))
    rows = _live(environment, now).select_related("feature_segment").prefetch_related(allocations)
    newest = {(row.feature_id, row.feature_segment_id, row.identity_id): row for row in rows}
    return sorted(newest.values(), key=lambda row: row.pk)


def _live(environment: Environment, now: datetime) -> QuerySet[FeatureState]:
    """Of those in one place, the newest comes last."""
    return FeatureState.live.filter(
        Q(feature_segment__isnull=True)
        | Q(feature_segment__deleted_at__isnull=True, feature_segment__segment__deleted_at__isnull=True),
        Q(feature_version__is_current=True)
        | Q(feature_version__isnull=True, live_from__lte=now, version__isnull=False),
        environment=environment,
        feature__deleted_at__isnull=True,
    ).order_by("live_from", "version", "pk")


def _state(row: _Row, shares: Iterable[wire.Allocation]) -> wire.State:
    return wire.State(
        id=row.id,
        uuid=str(row.uuid),
        feature_id=row.feature_id,
        enabled=row.enabled,
        value=typed_value(row.type, integer=row.integer_value, string=row.string_value, boolean=row.boolean_value),
        seed=row.hashing_seed or str(row.id),
        allocations=tuple(shares),
        link=wire.Link(id=row.link_id, priority=row.priority) if row.link_id is not None else None,
    )
