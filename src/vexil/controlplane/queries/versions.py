"""v2 versions of features, and what is in them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from vexil.controlplane.db.models import Environment, Feature, FeatureState, FeatureVersion
from vexil.controlplane.queries import feature_states, plans


def current(environment: Environment, feature: Feature) -> FeatureVersion | None:
    """The version that counts now; none where there is no v2 versioning."""
    return FeatureVersion.live.filter(environment=environment, feature=feature, is_current=True).first()


def states(version: FeatureVersion) -> QuerySet[FeatureState]:
    """All that is in a version, in order of creation: two statements."""
    return feature_states.of_any_version().filter(feature_version=version).order_by("pk")


def listed(environment: Environment, feature: Feature, *, now: datetime) -> QuerySet[FeatureVersion]:
    """Drafts first, then the newest, as far back as the plan lets see; the one that counts is always there."""
    versions = FeatureVersion.live.filter(environment=environment, feature=feature)
    if (since := plans.history_since(environment, now)) is not None:
        versions = versions.filter(Q(live_from=None) | Q(live_from__gte=since) | Q(is_current=True))
    return versions.order_by(F("live_from").desc(nulls_first=True), "created_at", "pk")


def were_live(now: datetime) -> Q:
    """Versions that are live or have been."""
    return Q(published=True, live_from__lte=now)


def previous(version: FeatureVersion) -> FeatureVersion | None:
    """The published version before this one; of a draft the newest."""
    others = FeatureVersion.live.filter(
        environment_id=version.environment_id, feature_id=version.feature_id, published=True
    ).exclude(pk=version.pk)
    if version.live_from is not None:
        others = others.filter(live_from__lt=version.live_from)
    return others.order_by("-live_from", "-created_at").first()


def due(now: datetime) -> Iterator[FeatureVersion]:
    """Published versions whose time has come, in order of their time."""
    waiting = FeatureVersion.live.filter(published=True, went_live_at__isnull=True, live_from__lte=now)
    return iter(waiting.select_related("environment__project", "feature").order_by("live_from", "created_at"))


def environments_with_scheduled_states(now: datetime) -> QuerySet[Environment]:
    """Environments without v2 versioning in which a state has come alive since they were last published.

    The second of tolerance is that by which `updated_at` may be ahead of the time.
    """
    scheduled = FeatureState.live.filter(
        feature_version=None,
        live_from__gt=F("updated_at"),
        live_from__lte=now,
        environment__updated_at__lt=F("live_from") + timedelta(seconds=1),
        environment__deleted_at=None,
    )
    return Environment.live.filter(pk__in=scheduled.values("environment_id")).order_by("pk")
