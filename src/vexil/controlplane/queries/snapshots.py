"""Environments' rows as the snapshots that the data plane compiles."""

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import msgspec
from django.db.models import QuerySet

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Environment,
    Feature,
    MultivariateOption,
    Organisation,
    Project,
    Segment,
    UsageBlock,
)
from vexil.controlplane.queries import integrations, snapshot_keys, snapshot_states
from vexil.controlplane.queries.consistency import one_moment
from vexil.controlplane.queries.snapshot_states import States
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire import snapshot as wire

Present = tuple[wire.Snapshot, tuple[EnvironmentKey, ...]]
"""An environment as the data plane is to know it, and its keys."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the environments of a project have in common."""

    organisation: wire.Organisation
    project: wire.Project
    features: list[wire.Feature]
    segments: dict[int, wire.Segment]
    """By the id of their row; without the overrides, which differ between environments."""


def of_environment(environment_id: int, *, now: datetime) -> Present | None:
    """The environment as it is live at `now`; None when it is deleted."""
    found = list(of_environments([environment_id], now=now))
    return found[0] if found else None


def of_environments(environment_ids: Collection[int], *, now: datetime) -> Generator[Present, None, None]:
    """Those that are live at `now`, one after another from one consistent view of the rows, which is open meanwhile.

    Three statements, four for each project and one for each environment, whatever the size; and one look at the
    identity store for each environment with identity overrides.
    """
    with one_moment():
        for project, rows in groupby(_environments(environment_ids), key=lambda row: row.project):
            environments = list(rows)
            shared, shares = _shared(project), snapshot_states.shares_in(environments)
            for environment in environments:
                states = snapshot_states.of_environment(environment, shares, now=now)
                yield _snapshot(environment, shared, states), snapshot_keys.present_keys(environment, now)


def _environments(environment_ids: Collection[int]) -> QuerySet[Any]:
    return (
        Environment.live.select_related("project__organisation__usage_block")
        .annotate(has_identity_integrations=integrations.hears_of_identities())
        .prefetch_related(*snapshot_keys.KEYS)
        .filter(pk__in=environment_ids, project__deleted_at=None, project__organisation__deleted_at=None)
        .order_by("project_id", "pk")
    )


def _shared(project: Project) -> _Shared:
    organisation = project.organisation
    return _Shared(
        wire.Organisation(
            id=organisation.pk,
            name=organisation.name,
            persist_trait_data=organisation.persist_trait_data,
            stop_serving_flags=organisation.stop_serving_flags,
            blocked_until=_blocked_until(organisation),
        ),
        wire.Project(
            id=project.pk,
            name=project.name,
            hide_disabled_flags=project.hide_disabled_flags,
            enable_realtime_updates=project.enable_realtime_updates,
        ),
        _features(project),
        {row.pk: _segment(row) for row in Segment.live.filter(project=project).order_by("pk")},
    )


def _snapshot(environment: Any, shared: _Shared, states: States) -> wire.Snapshot:
    return wire.Snapshot(
        version=environment.version,
        organisation=shared.organisation,
        project=shared.project,
        environment=_environment(environment),
        features=shared.features,
        defaults=states.defaults,
        segments=[
            msgspec.structs.replace(segment, overrides=states.by_segment.get(pk, []))
            for pk, segment in shared.segments.items()
        ],
        identity_overrides=_identity_overrides(environment, states.by_identity),
    )


def _blocked_until(organisation: Organisation) -> float | None:
    block: UsageBlock | None = getattr(organisation, "usage_block", None)
    return block.lapses_at.timestamp() if block else None


def _environment(environment: Any) -> wire.Environment:
    return wire.Environment(
        id=environment.pk,
        name=environment.name,
        api_key=environment.api_key,
        updated_at=_iso(environment.updated_at),
        allow_client_traits=environment.allow_client_traits,
        hide_sensitive_data=environment.hide_sensitive_data,
        hide_disabled_flags=environment.hide_disabled_flags,
        use_identity_composite_key_for_hashing=environment.use_identity_composite_key_for_hashing,
        use_identity_overrides_in_local_eval=environment.use_identity_overrides_in_local_eval,
        has_identity_integrations=environment.has_identity_integrations,
    )


_FEATURE_COLUMNS = [name for name in wire.Feature.__struct_fields__ if name != "options"]


def _features(project: Project) -> list[wire.Feature]:
    """As columns: models of a thousand rows would take more time than all the rest."""
    options: dict[int, list[wire.Option]] = {}
    for option in MultivariateOption.objects.filter(feature__project=project).order_by("pk"):
        options.setdefault(option.feature_id, []).append(wire.Option(id=option.pk, key=option.key, value=option.value))
    rows = Feature.live.filter(project=project).order_by("pk").values(*_FEATURE_COLUMNS)
    return [
        wire.Feature(**row | {"created_date": _iso(row["created_date"])}, options=options.get(row["id"], []))
        for row in rows
    ]


def _segment(row: Segment) -> wire.Segment:
    return wire.Segment(
        id=row.split_id,
        name=row.name,
        description=row.description,
        feature_id=row.feature_id,
        rules=[_rule(rule) for rule in row.rules],
    )


def _rule(rule: dict[str, Any]) -> wire.Rule:
    return wire.Rule(
        type=rule["type"],
        conditions=[
            wire.Condition(operator=entry["operator"], property=entry.get("property"), value=entry.get("value"))
            for entry in rule.get("conditions", ())
        ],
        rules=[_rule(child) for child in rule.get("rules", ())],
    )


def _identity_overrides(
    environment: Environment, states: Mapping[int, list[wire.State]]
) -> list[wire.IdentityOverrides]:
    identities = stores.current().identities.get_many(environment.pk, sorted(states)) if states else []
    return [
        wire.IdentityOverrides(
            identity_id=identity.id,
            identifier=identity.identifier,
            created_date=_iso(identity.created_at),
            states=tuple(states[identity.id]),
        )
        for identity in identities
    ]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
