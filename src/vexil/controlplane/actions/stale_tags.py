"""The system's own tag on features that nobody has changed for long: set and taken off by a daily job."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from vexil.controlplane.actions import events, tags
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.db.models import Environment, Feature, FeatureState, FeatureVersion, Project, Tag
from vexil.controlplane.db.models.tags import TagType
from vexil.controlplane.permissions import SYSTEM

LABEL, COLOR = "Stale", "#A9A9A9"


def mark_all(*, now: datetime) -> int:
    """Mark each project's stale features and unmark the others; says how many changed.

    Only projects with v2 versioning somewhere: elsewhere nobody has asked for it, and clients know it so.
    """
    versioned = Environment.live.filter(project=OuterRef("pk"), use_v2_feature_versioning=True)
    projects = Project.live.filter(Exists(versioned), organisation__deleted_at__isnull=True)
    return sum(mark(project, now=now) for project in projects.order_by("pk"))


@transaction.atomic
def mark(project: Project, *, now: datetime) -> int:
    """The same for one project."""
    lock_project(project)
    tag = Tag.objects.filter(project=project, type=TagType.STALE).order_by("pk").first()
    stale = _stale(project, now)
    fresh = list(stale.exclude(tags__type=TagType.STALE))
    revived = list(Feature.live.filter(project=project, tags=tag).exclude(pk__in=stale.values("pk"))) if tag else []
    if fresh and tag is None:
        tag = tags.create(project, by=SYSTEM, label=LABEL, color=COLOR, is_system_tag=True, type=TagType.STALE)
    for feature in fresh:
        feature.tags.add(*([tag] if tag else []))
        events.record(SYSTEM, "feature.marked_stale", feature.pk, scope=project, after={"name": feature.name})
    for feature in revived:
        feature.tags.remove(*([tag] if tag else []))
        events.record(SYSTEM, "feature.unmarked_stale", feature.pk, scope=project, before={"name": feature.name})
    return len(fresh) + len(revived)


def _stale(project: Project, now: datetime) -> QuerySet[Feature]:
    """Features without a permanent tag, of which nothing changed in any environment within the project's limit."""
    since = now - timedelta(days=project.stale_flags_limit_days)
    states = FeatureState.objects.filter(feature=OuterRef("pk"), environment__deleted_at__isnull=True)
    versions = FeatureVersion.objects.filter(feature=OuterRef("pk"), environment__deleted_at__isnull=True)
    changed = Exists(states.filter(updated_at__gte=since)) | Exists(
        versions.filter(Q(created_at__gte=since) | Q(live_from__gte=since))
    )
    old = Feature.live.filter(project=project, created_date__lt=since).exclude(changed)
    return old.exclude(pk__in=Feature.live.filter(project=project, tags__is_permanent=True).values("pk"))
