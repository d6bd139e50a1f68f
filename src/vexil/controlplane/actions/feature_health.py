"""The health of features: who may tell of it, what was told, and the system's own tag on unhealthy ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from vexil.controlplane.actions import events
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Environment, Feature, HealthEvent, HealthProvider, HealthStatus, Project, Tag
from vexil.controlplane.db.models.tags import TagType
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import feature_health as queries

LABEL, COLOR = "Unhealthy", "#FFC0CB"
_KEPT = timedelta(days=30)


class ProviderExists(Refused):
    """A project has each provider once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of one feature."""

    feature_name: str
    status: HealthStatus
    environment_name: str = ""
    external_id: str = ""
    reason: dict[str, Any] | None = None
    at: datetime | None = None
    """None: now."""


@transaction.atomic
def add_provider(project: Project, name: str, *, by: Actor) -> HealthProvider:
    try:
        with transaction.atomic():
            provider = HealthProvider.objects.create(project=project, name=name, created_by=by.user)
    except IntegrityError:
        raise ProviderExists(f"{name} is a provider of this project already.", field="name") from None
    events.record(by, "health_provider.created", provider.pk, scope=project, after={"name": name})
    return provider


@transaction.atomic
def remove_provider(provider: HealthProvider, *, by: Actor) -> None:
    """Its address is refused at once; what it has told stays."""
    events.record(by, "health_provider.deleted", provider.pk, scope=provider.project, before={"name": provider.name})
    provider.delete()


@transaction.atomic
def tell(provider: HealthProvider, told: Sequence[Told], *, now: datetime) -> int:
    """Keep what is told of features that there are; of how many things."""
    project = provider.project
    environments = {environment.name: environment for environment in lock_project(project)}
    names = {one.feature_name for one in told}
    features = {feature.name: feature for feature in Feature.live.filter(project=project, name__in=names)}
    known = [one for one in told if one.feature_name in features]
    for one in known:
        _keep(
            HealthEvent(
                feature=features[one.feature_name],
                environment=environments.get(one.environment_name),
                provider_name=provider.name,
                external_id=one.external_id,
                type=one.status,
                reason=one.reason,
                created_at=one.at or now,
            ),
            by=SYSTEM,
        )
    return len(known)


@transaction.atomic
def dismiss(event: HealthEvent, *, by: Actor, now: datetime) -> None:
    """Somebody says that it is well; nothing happens when it is already."""
    lock_project(event.feature.project)
    if event.type == HealthStatus.HEALTHY:
        return
    who = by.user.email if by.user else "an API key"
    _keep(
        HealthEvent(
            feature=event.feature,
            environment=event.environment,
            provider_name=event.provider_name,
            external_id=event.external_id,
            type=HealthStatus.HEALTHY,
            reason={"text_blocks": [{"text": f"Dismissed by {who}"}], "url_blocks": []},
            created_at=max(now, event.created_at),
        ),
        by=by,
    )


def forget_old(now: datetime) -> int:
    """Delete what was told long ago and has been superseded since."""
    old = HealthEvent.objects.filter(created_at__lt=now - _KEPT)
    current = list(
        queries.latest(HealthEvent.objects.filter(feature__in=old.values("feature"))).values_list("pk", flat=True)
    )
    return old.exclude(pk__in=current).delete()[0]


def _keep(event: HealthEvent, *, by: Actor) -> None:
    feature = event.feature
    event.save()
    _tag(feature)
    after = {"name": feature.name, "status": event.type, "provider": event.provider_name}
    scope: Environment | Project = event.environment or feature.project
    events.record(by, "feature.health_changed", feature.pk, scope=scope, after=after)


def _tag(feature: Feature) -> None:
    """The tag is there as long as any of the latest says so."""
    is_unhealthy = any(event.type == HealthStatus.UNHEALTHY for event in queries.of_feature(feature))
    tag = Tag.objects.filter(project=feature.project, type=TagType.UNHEALTHY).order_by("pk").first()
    if is_unhealthy and tag is None:
        tag = Tag.objects.create(
            project=feature.project, label=LABEL, color=COLOR, is_system_tag=True, type=TagType.UNHEALTHY
        )
    if tag is not None:
        (feature.tags.add if is_unhealthy else feature.tags.remove)(tag)
