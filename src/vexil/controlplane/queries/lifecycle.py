"""How far a feature has come, from new code to code that can go: see admin-api.md, "Lifecycle"."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, TextChoices, Value, When

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import CodeReference, Environment, Feature, Tag
from vexil.controlplane.db.models.tags import TagType


class Stage(TextChoices):
    NEW = "new"
    LIVE = "live"
    STALE = "stale"
    PERMANENT = "permanent"
    NEEDS_MONITORING = "needs_monitoring"
    TO_REMOVE = "to_remove"


def staged(features: QuerySet[Feature], environment: Environment, *, now: datetime) -> QuerySet[Any]:
    """The features with their `lifecycle_stage`; whether they are still in use is looked up in this environment."""
    since = now - timedelta(days=environment.project.stale_flags_limit_days)
    in_use = {name for _, name in stores.current().evaluations.last([environment.pk], since)}
    tags = Tag.objects.filter(features=OuterRef("pk"))
    in_code = Exists(
        CodeReference.objects.filter(repository__project=OuterRef("project"), feature_name=OuterRef("name"))
    )
    return features.annotate(
        lifecycle_stage=Case(
            When(Exists(tags.filter(is_permanent=True)), then=Value(Stage.PERMANENT)),
            When(~Exists(tags.filter(type=TagType.STALE)) & in_code, then=Value(Stage.LIVE)),
            When(~Exists(tags.filter(type=TagType.STALE)), then=Value(Stage.NEW)),
            When(in_code, then=Value(Stage.STALE)),
            When(Q(name__in=in_use), then=Value(Stage.NEEDS_MONITORING)),
            default=Value(Stage.TO_REMOVE),
        )
    )


def counts(environment: Environment, *, now: datetime) -> dict[str, int]:
    """Features in each stage: one statement, and one at the stores."""
    features = staged(Feature.live.filter(project=environment.project), environment, now=now)
    rows = features.order_by().values("lifecycle_stage").annotate(count=Count("pk"))
    found = {row["lifecycle_stage"]: row["count"] for row in rows}
    return {stage.value: found.get(stage.value, 0) for stage in Stage}


def in_stage(environment: Environment, stage: Stage, *, now: datetime) -> QuerySet[Any]:
    """The features in one stage with their tags, by name: two statements, and one at the stores."""
    features = staged(Feature.live.filter(project=environment.project), environment, now=now)
    return features.filter(lifecycle_stage=stage).select_related("project").prefetch_related("tags").order_by("name")
