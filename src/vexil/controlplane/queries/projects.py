"""Projects as lists show them."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from vexil.controlplane.db.models import Environment, Feature, Project, Segment


def with_counts(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Each with `feature_count`, `segment_count` and `environment_count`, by name, in one statement."""
    return projects.annotate(
        feature_count=_count(Feature.live.filter(project=OuterRef("pk"))),
        segment_count=_count(Segment.live.filter(project=OuterRef("pk"))),
        environment_count=_count(Environment.live.filter(project=OuterRef("pk"))),
    ).order_by("name", "pk")


def _count(rows: QuerySet[Feature] | QuerySet[Segment] | QuerySet[Environment]) -> Coalesce:
    counted = rows.order_by().values("project").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
