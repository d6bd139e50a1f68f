"""Linking features to issues and pull requests, and GitHub's repositories to projects."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from vexil.controlplane.actions import comments, events, github_tags
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import ExternalResource, Feature, GithubRepository, Integration
from vexil.controlplane.integrations.github import app as github
from vexil.controlplane.integrations.gitlab import projects as gitlab
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import external_resources as queries


class NoGithub(Exception):
    """The project has no repository of GitHub that the URL is in."""


class UnfitUrl(Exception):
    """It leads to nothing of its type."""


class AlreadyLinked(Exception):
    """The project has this repository."""


@transaction.atomic
def link(feature: Feature, *, by: Actor, **fields: Any) -> ExternalResource:
    resource = ExternalResource(feature=feature, **fields)
    _check(resource)
    try:
        with transaction.atomic():
            resource.save()
    except IntegrityError:
        raise Refused("The fields feature, url must make a unique set.") from None
    events.record(by, "resource.linked", resource.pk, scope=feature.project, after=_facts(resource))
    comments.of_link(resource)
    github_tags.renew(feature)
    return resource


@transaction.atomic
def update(resource: ExternalResource, *, by: Actor, **changes: Any) -> ExternalResource:
    before = _facts(resource)
    for name, value in changes.items():
        setattr(resource, name, value)
    _check(resource)
    try:
        with transaction.atomic():
            resource.save()
    except IntegrityError:
        raise Refused("The fields feature, url must make a unique set.") from None
    scope = resource.feature.project
    events.record(by, "resource.updated", resource.pk, scope=scope, before=before, after=_facts(resource))
    github_tags.renew(resource.feature)
    return resource


@transaction.atomic
def unlink(resource: ExternalResource, *, by: Actor) -> None:
    events.record(by, "resource.unlinked", resource.pk, scope=resource.feature.project, before=_facts(resource))
    comments.of_unlink(resource)
    resource.delete()
    github_tags.renew(resource.feature)


@transaction.atomic
def add_repository(integration: Integration, *, by: Actor, **fields: Any) -> GithubRepository:
    repository = GithubRepository(integration=integration, **fields)
    try:
        with transaction.atomic():
            repository.save()
    except IntegrityError:
        raise AlreadyLinked from None
    events.record(by, "repository.added", repository.pk, scope=integration.place, after=_repository_facts(repository))
    return repository


@transaction.atomic
def update_repository(repository: GithubRepository, *, by: Actor, **changes: Any) -> GithubRepository:
    before = _repository_facts(repository)
    for name, value in changes.items():
        setattr(repository, name, value)
    try:
        with transaction.atomic():
            repository.save()
    except IntegrityError:
        raise AlreadyLinked from None
    scope, after = repository.integration.place, _repository_facts(repository)
    events.record(by, "repository.updated", repository.pk, scope=scope, before=before, after=after)
    for feature in _linked_features(repository):
        github_tags.renew(feature)
    return repository


@transaction.atomic
def remove_repository(repository: GithubRepository, *, by: Actor) -> None:
    """With the links that lead into it."""
    scope, before = repository.integration.place, _repository_facts(repository)
    events.record(by, "repository.removed", repository.pk, scope=scope, before=before)
    features = _linked_features(repository)
    _links(repository).delete()
    repository.delete()
    for feature in features:
        github_tags.renew(feature)


def _links(repository: GithubRepository) -> QuerySet[ExternalResource]:
    within = f"/{repository.repository_owner}/{repository.repository_name}/"
    of_project = ExternalResource.objects.filter(feature__project=repository.project_id)
    return of_project.filter(type__startswith="GITHUB", url__contains=within)


def _linked_features(repository: GithubRepository) -> list[Feature]:
    features = Feature.live.filter(pk__in=_links(repository).values("feature"))
    return list(features.select_related("project").order_by("pk"))


def _check(resource: ExternalResource) -> None:
    if resource.type.startswith("GITLAB"):
        if not gitlab.is_resource(resource.url, resource.type):
            raise UnfitUrl("Invalid GitLab Issue/MR URL")
        return
    if not github.is_resource(resource.url, resource.type):
        raise UnfitUrl("Invalid GitHub Issue/PR URL")
    integration = queries.integration_of(resource)
    if integration is None or not queries.repository_of(resource.url, integration, resource.feature.project):
        raise NoGithub("This Project doesn't have a valid GitHub integration configuration")


def _facts(resource: ExternalResource) -> dict[str, Any]:
    names = ("feature_id", "url", "type", "metadata")
    return {name: getattr(resource, name) for name in names}


def _repository_facts(repository: GithubRepository) -> dict[str, Any]:
    names = ("project_id", "repository_owner", "repository_name", "tagging_enabled")
    return {name: getattr(repository, name) for name in names}
