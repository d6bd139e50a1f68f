"""What features are linked to, and through which integration it is reached."""

from collections import defaultdict
from collections.abc import Sequence

from vexil.controlplane.db.models import (
    AuditRecord,
    ExternalResource,
    Feature,
    FeatureState,
    GithubRepository,
    Integration,
    Project,
)
from vexil.controlplane.integrations.catalogue import GITHUB, GITLAB
from vexil.controlplane.integrations.github import app as github

Pair = tuple[ExternalResource, Integration]


def of_feature(feature: Feature) -> list[ExternalResource]:
    return list(ExternalResource.objects.filter(feature=feature).order_by("pk"))


def integration_of(resource: ExternalResource) -> Integration | None:
    project = resource.feature.project
    if resource.type.startswith("GITLAB"):
        return Integration.objects.filter(project=project, kind=GITLAB).first()
    return Integration.objects.filter(organisation=project.organisation_id, kind=GITHUB).first()


def is_labelled(resource: ExternalResource, integration: Integration) -> bool:
    """Whether what features are linked to there is to have a label."""
    if integration.kind == GITLAB:
        return bool(integration.settings.get("labeling_enabled"))
    found = repository_of(resource.url, integration, resource.feature.project)
    return found is not None and found.tagging_enabled


def repository_of(url: str, integration: Integration, project: Project) -> GithubRepository | None:
    """The repository of the project that a GitHub URL is in."""
    match = github.RESOURCE.match(url)
    if match is None:
        return None
    return GithubRepository.objects.filter(
        integration=integration, project=project, repository_owner=match["owner"], repository_name=match["name"]
    ).first()


def linked(records: Sequence[AuditRecord]) -> dict[int, list[Pair]]:
    """By record about a feature: what the feature is linked to. Three statements, whatever their number."""
    features = _features(records)
    if not features:
        return {}
    resources: dict[int, list[ExternalResource]] = defaultdict(list)
    for resource in ExternalResource.objects.filter(feature__in=set(features.values())).order_by("pk"):
        resources[resource.feature_id].append(resource)
    if not resources:
        return {}
    rows = [row for row in records if features.get(row.pk) in resources]
    reached = Integration.objects.filter(kind__in=(GITHUB, GITLAB)).filter(
        project__in={row.project_id for row in rows}
    ) | Integration.objects.filter(kind__in=(GITHUB, GITLAB), organisation__in={row.organisation_id for row in rows})
    integrations = {(one.kind, one.project_id or one.organisation_id): one for one in reached}
    found: dict[int, list[Pair]] = {}
    for row in rows:
        for resource in resources[features[row.pk]]:
            is_gitlab = resource.type.startswith("GITLAB")
            place = (GITLAB, row.project_id) if is_gitlab else (GITHUB, row.organisation_id)
            if place in integrations:
                found.setdefault(row.pk, []).append((resource, integrations[place]))
    return found


def _features(records: Sequence[AuditRecord]) -> dict[int, int]:
    """By record: the id of the feature that it is about."""
    states = {row.pk: row.related_object_id or 0 for row in records if row.related_object_type == "FEATURE_STATE"}
    of_states = dict(FeatureState.objects.filter(pk__in=states.values()).values_list("pk", "feature_id"))
    found = {pk: of_states[state] for pk, state in states.items() if state in of_states}
    direct = {"FEATURE", "EF_VERSION"}
    return found | {row.pk: row.related_object_id or 0 for row in records if row.related_object_type in direct}
