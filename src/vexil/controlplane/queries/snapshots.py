"""An environment's rows as the snapshot that the data plane compiles."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    Allocation,
    Environment,
    Feature,
    FeatureState,
    MultivariateOption,
    Organisation,
    Segment,
    ServerKey,
    UsageBlock,
)
from vexil.controlplane.queries import integrations
from vexil.controlplane.queries.consistency import one_moment
from vexil.stores.snapshots import EnvironmentKey
from vexil.wire import snapshot as wire
from vexil.wire.keys import digest

_DELETED_KEYS_MAX = 100
"""Who sends one deleted longer ago is told that the key is unknown."""


def of_environment(environment_id: int, *, now: datetime) -> tuple[wire.Snapshot, tuple[EnvironmentKey, ...]] | None:
    """The environment as it is live at `now`, from one consistent view of the rows; None when it is deleted.

    Nine statements, whatever the size, and one look at the identity store.
    """
    with one_moment():
        environment = (
            Environment.live.select_related("project__organisation__usage_block")
            .annotate(has_identity_integrations=integrations.hears_of_identities())
            .filter(pk=environment_id, project__deleted_at__isnull=True, project__organisation__deleted_at__isnull=True)
            .first()
        )
        if environment is None:
            return None
        snapshot = _snapshot(environment, now, has_identity_integrations=environment.has_identity_integrations)
        return snapshot, _keys(environment, now)


def _snapshot(environment: Environment, now: datetime, *, has_identity_integrations: bool) -> wire.Snapshot:
    project = environment.project
    features = Feature.live.filter(project=project).order_by("pk")
    rows = _newest(_live(environment, now))
    shares = _shares(environment)
    states = {row.pk: _state(row, shares.get(row.pk, ())) for row in rows}
    segments = Segment.live.filter(project=project).order_by("pk")
    overrides = _by_segment(rows, states)
    return wire.Snapshot(
        version=environment.version,
        organisation=wire.Organisation(
            id=project.organisation_id,
            name=project.organisation.name,
            persist_trait_data=project.organisation.persist_trait_data,
            stop_serving_flags=project.organisation.stop_serving_flags,
            blocked_until=_blocked_until(project.organisation),
        ),
        project=wire.Project(
            id=project.pk,
            name=project.name,
            hide_disabled_flags=project.hide_disabled_flags,
            enable_realtime_updates=project.enable_realtime_updates,
        ),
        environment=_environment(environment, has_identity_integrations=has_identity_integrations),
        features=[_feature(row) for row in features.prefetch_related(_OPTIONS)],
        defaults=[states[row.pk] for row in rows if row.feature_segment_id is None and row.identity_id is None],
        segments=[_segment(row, overrides.get(row.pk, ())) for row in segments],
        identity_overrides=_identity_overrides(environment, rows, states),
    )


def _blocked_until(organisation: Organisation) -> float | None:
    block: UsageBlock | None = getattr(organisation, "usage_block", None)
    return block.lapses_at.timestamp() if block else None


_OPTIONS = Prefetch("multivariate_options", queryset=MultivariateOption.objects.order_by("pk"))
_ALLOCATIONS = Prefetch("allocations", queryset=Allocation.objects.order_by("pk"))


def live_states(environment: Environment, now: datetime) -> list[FeatureState]:
    """Of each default, segment override and identity override the newest that is live, in order of id."""
    return _newest(_live(environment, now).prefetch_related(_ALLOCATIONS))


def _live(environment: Environment, now: datetime) -> QuerySet[FeatureState]:
    return (
        FeatureState.live.filter(
            Q(feature_segment__isnull=True)
            | Q(feature_segment__deleted_at__isnull=True, feature_segment__segment__deleted_at__isnull=True),
            Q(feature_version__is_current=True)
            | Q(feature_version__isnull=True, live_from__lte=now, version__isnull=False),
            environment=environment,
            feature__deleted_at__isnull=True,
        )
        .select_related("feature_segment")
        .order_by("live_from", "version", "pk")
    )


def _newest(rows: Iterable[FeatureState]) -> list[FeatureState]:
    newest = {(row.feature_id, row.feature_segment_id, row.identity_id): row for row in rows}
    return sorted(newest.values(), key=lambda row: row.pk)


def _shares(environment: Environment) -> dict[int, list[wire.Allocation]]:
    """By state. A prefetch would make a query set for each of 50,000 identity overrides, which mostly have none."""
    found: dict[int, list[wire.Allocation]] = {}
    for row in Allocation.objects.filter(feature_state__environment=environment).order_by("pk"):
        share = wire.Allocation(id=row.pk, uuid=str(row.uuid), option_id=row.option_id, percentage=row.percentage)
        found.setdefault(row.feature_state_id, []).append(share)
    return found


def _keys(environment: Environment, now: datetime) -> tuple[EnvironmentKey, ...]:
    """Those that open it first, then those that do so no more."""
    rows = list(environment.server_keys.order_by("pk"))
    opening = [EnvironmentKey(key.key, key.expires_at) for key in rows if key.is_usable(now)]
    ended = [_ended(key) for key in rows if not key.is_usable(now)]
    return (EnvironmentKey(environment.api_key), *opening, *ended, *_deleted_keys(environment))


def ended_keys(environment: Environment) -> tuple[EnvironmentKey, ...]:
    """All keys of a deleted environment, by digest."""
    keys = (environment.api_key, *environment.server_keys.order_by("pk").values_list("key", flat=True))
    ended = (EnvironmentKey(digest(key), ended="deleted_environment") for key in keys)
    return (*ended, *_deleted_keys(environment))


def _ended(key: ServerKey) -> EnvironmentKey:
    return EnvironmentKey(digest(key.key), ended="expired_server_key" if key.active else "inactive_server_key")


def _deleted_keys(environment: Environment) -> tuple[EnvironmentKey, ...]:
    digests = environment.deleted_server_keys.order_by("-pk").values_list("digest", flat=True)
    return tuple(EnvironmentKey(one, ended="deleted_server_key") for one in digests[:_DELETED_KEYS_MAX])


def _environment(environment: Environment, *, has_identity_integrations: bool) -> wire.Environment:
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
        has_identity_integrations=has_identity_integrations,
    )


def _feature(row: Feature) -> wire.Feature:
    return wire.Feature(
        id=row.pk,
        name=row.name,
        type=row.type,
        created_date=_iso(row.created_date),
        description=row.description,
        initial_value=row.initial_value,
        default_enabled=row.default_enabled,
        is_server_key_only=row.is_server_key_only,
        is_archived=row.is_archived,
        options=[
            wire.Option(id=option.pk, key=option.key, value=option.value) for option in row.multivariate_options.all()
        ],
    )


def _state(row: FeatureState, shares: Iterable[wire.Allocation]) -> wire.State:
    link = row.feature_segment
    return wire.State(
        id=row.pk,
        uuid=str(row.uuid),
        feature_id=row.feature_id,
        enabled=row.enabled,
        value=row.value,
        seed=row.seed,
        allocations=tuple(shares),
        link=wire.Link(id=link.pk, priority=link.priority) if link else None,
    )


def _by_segment(rows: Iterable[FeatureState], states: Mapping[int, wire.State]) -> dict[int, list[wire.State]]:
    overrides: dict[int, list[wire.State]] = {}
    for row in rows:
        if row.feature_segment is not None:
            overrides.setdefault(row.feature_segment.segment_id, []).append(states[row.pk])
    return overrides


def _segment(row: Segment, overrides: Iterable[wire.State]) -> wire.Segment:
    return wire.Segment(
        id=row.split_id,
        name=row.name,
        description=row.description,
        feature_id=row.feature_id,
        rules=[_rule(rule) for rule in row.rules],
        overrides=list(overrides),
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
    environment: Environment, rows: Iterable[FeatureState], states: Mapping[int, wire.State]
) -> list[wire.IdentityOverrides]:
    by_identity: dict[int, list[wire.State]] = {}
    for row in rows:
        if row.identity_id is not None:
            by_identity.setdefault(row.identity_id, []).append(states[row.pk])
    identities = stores.current().identities.get_many(environment.pk, sorted(by_identity)) if by_identity else []
    return [
        wire.IdentityOverrides(
            identity_id=identity.id,
            identifier=identity.identifier,
            created_date=_iso(identity.created_at),
            states=tuple(by_identity[identity.id]),
        )
        for identity in identities
    ]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
