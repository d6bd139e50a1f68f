"""Where code names features."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.db.models import Count

from vexil.controlplane.db.models import CodeReference, CodeRepository, CodeSighting, Feature


@dataclass(frozen=True, slots=True)
class Sighting:
    """A feature in one repository: in the last scan, or in an earlier one (then `count` is 0)."""

    repository: CodeRepository
    found_at: datetime
    count: int


def sightings_of(features: Sequence[Feature]) -> dict[int, list[Sighting]]:
    """By feature's id, in order of the repositories' URLs. Two statements, whatever the number of features."""
    projects = {feature.project_id for feature in features}
    names = {feature.name for feature in features}
    counts = {
        (row["repository"], row["feature_name"]): row["count"]
        for row in CodeReference.objects.filter(repository__project__in=projects, feature_name__in=names)
        .values("repository", "feature_name")
        .annotate(count=Count("pk"))
    }
    by_name: dict[tuple[int, str], list[Sighting]] = defaultdict(list)
    rows = CodeSighting.objects.filter(repository__project__in=projects, feature_name__in=names)
    for row in rows.select_related("repository").order_by("repository__url"):
        count = counts.get((row.repository_id, row.feature_name), 0)
        by_name[row.repository.project_id, row.feature_name].append(Sighting(row.repository, row.found_at, count))
    return {feature.pk: by_name[feature.project_id, feature.name] for feature in features}


def in_repositories(feature: Feature) -> list[CodeReference]:
    """The same, with their repositories and in the order of these."""
    rows = CodeReference.objects.filter(repository__project=feature.project_id, feature_name=feature.name)
    return list(rows.select_related("repository").order_by("repository__url", "file_path", "line_number", "pk"))


def permalink(repository: CodeRepository, line: CodeReference) -> str:
    place = f"{quote(repository.revision)}/{quote(line.file_path.lstrip('/'))}#L{line.line_number}"
    return f"{repository.url.rstrip('/').removesuffix('.git')}/blob/{place}"


def references_of(feature: Feature) -> list[CodeReference]:
    """In the last scan of each repository."""
    rows = CodeReference.objects.filter(repository__project=feature.project_id, feature_name=feature.name)
    return list(rows.order_by("file_path", "line_number", "pk"))
