"""Features: created in all environments at once, changed, owned, deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from vexil.controlplane import permissions
from vexil.controlplane.actions import events, feature_states, metadata, multivariate
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.metadata import Value as CustomField
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.publishing import publish_project
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.db.models import (
    Feature,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
    Group,
    Project,
    Tag,
    User,
)
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.permissions import Actor
from vexil.engine.patterns import UnsupportedPatternError, compile_pattern


@dataclass(frozen=True, slots=True)
class NewFeature:
    name: str
    type: str = FeatureType.STANDARD
    initial_value: str | None = None
    default_enabled: bool = False
    description: str | None = None
    is_archived: bool = False
    is_server_key_only: bool = False
    owners: Sequence[User] = ()
    """The creator, if neither users nor groups are named."""
    group_owners: Sequence[Group] = ()
    tags: Sequence[Tag] = ()
    options: Sequence[OptionFields] = ()
    custom_fields: Sequence[CustomField] | None = None
    """None: without any, and without looking whether some are required."""


@dataclass(frozen=True, slots=True)
class FeatureChanges:
    """`fields` are columns by name; the others, when given, are the feature's only ones from now on."""

    fields: dict[str, Any] = field(default_factory=dict)
    options: Sequence[OptionFields] | None = None
    tags: Sequence[Tag] | None = None
    custom_fields: Sequence[CustomField] | None = None


@transaction.atomic
def create(project: Project, new: NewFeature, *, by: Actor) -> Feature:
    """A feature with its state for everybody in each environment."""
    environments = lock_project(project)
    _check_name(project, new.name)
    _check_limit(project)
    _check_tags(project, new.tags)
    _check_group_owners(project, new.group_owners)
    owners = _owners(project, new, by)
    feature = Feature.objects.create(
        project=project,
        name=new.name,
        type=new.type,
        initial_value=new.initial_value,
        default_enabled=new.default_enabled,
        description=new.description,
        is_archived=new.is_archived,
        is_server_key_only=new.is_server_key_only,
    )
    feature.owners.set(owners)
    feature.group_owners.set(new.group_owners)
    feature.tags.set(new.tags)
    feature_states.create_defaults(environments=environments, features=[feature])
    multivariate.replace_all(feature, new.options)
    metadata.replace(feature, new.custom_fields)
    events.record(by, "feature.created", feature.pk, scope=project, after=facts(feature))
    publish_project(project)
    return feature


@transaction.atomic
def update(feature: Feature, changes: FeatureChanges, *, by: Actor) -> Feature:
    """The feature as it is afterwards."""
    lock_project(feature.project)
    feature = Feature.live.select_related("project").get(pk=feature.pk)
    before = facts(feature)
    if changes.tags is not None:
        _check_tags(feature.project, changes.tags)
        feature.tags.set(changes.tags)
    for name, value in changes.fields.items():
        setattr(feature, name, value)
    if changes.fields:
        feature.save(update_fields=list(changes.fields))
    if changes.options is not None:
        multivariate.replace_all(feature, changes.options)
    metadata.replace(feature, changes.custom_fields)
    events.record(by, "feature.updated", feature.pk, scope=feature.project, before=before, after=facts(feature))
    publish_project(feature.project)
    return feature


@transaction.atomic
def delete(feature: Feature, *, by: Actor) -> None:
    """The feature with its states and overrides, in every environment."""
    lock_project(feature.project)
    events.record(by, "feature.deleted", feature.pk, scope=feature.project, before=facts(feature))
    now = timezone.now()
    FeatureState.live.filter(feature=feature).update(deleted_at=now)
    FeatureSegment.live.filter(feature=feature).update(deleted_at=now)
    FeatureVersion.live.filter(feature=feature).update(deleted_at=now)
    Feature.live.filter(pk=feature.pk).update(deleted_at=now)
    publish_project(feature.project)


@transaction.atomic
def add_owners(feature: Feature, users: Iterable[User], *, by: Actor) -> None:
    before = facts(feature)
    feature.owners.add(*users)
    events.record(by, "feature.owners_changed", feature.pk, scope=feature.project, before=before, after=facts(feature))


@transaction.atomic
def remove_owners(feature: Feature, users: Iterable[User], *, by: Actor) -> None:
    before = facts(feature)
    feature.owners.remove(*users)
    events.record(by, "feature.owners_changed", feature.pk, scope=feature.project, before=before, after=facts(feature))


@transaction.atomic
def add_group_owners(feature: Feature, groups: Iterable[Group], *, by: Actor) -> None:
    before = facts(feature)
    feature.group_owners.add(*groups)
    events.record(by, "feature.owners_changed", feature.pk, scope=feature.project, before=before, after=facts(feature))


@transaction.atomic
def remove_group_owners(feature: Feature, groups: Iterable[Group], *, by: Actor) -> None:
    before = facts(feature)
    feature.group_owners.remove(*groups)
    events.record(by, "feature.owners_changed", feature.pk, scope=feature.project, before=before, after=facts(feature))


def facts(feature: Feature) -> dict[str, Any]:
    """What an event tells of a feature."""
    return {
        "name": feature.name,
        "type": feature.type,
        "initial_value": feature.initial_value,
        "default_enabled": feature.default_enabled,
        "description": feature.description,
        "is_archived": feature.is_archived,
        "is_server_key_only": feature.is_server_key_only,
        "owners": sorted(feature.owners.values_list("pk", flat=True)),
        "group_owners": sorted(feature.group_owners.values_list("pk", flat=True)),
        "tags": sorted(feature.tags.values_list("pk", flat=True)),
        "metadata": metadata.facts(feature),
        "options": [multivariate.facts(option) for option in feature.multivariate_options.order_by("pk")],
    }


def _check_name(project: Project, name: str) -> None:
    if project.feature_name_regex:
        _check_name_pattern(project.feature_name_regex, name)
    if Feature.live.annotate(lower_name=Lower("name")).filter(project=project, lower_name=Lower(Value(name))).exists():
        raise Refused(
            "Feature with that name already exists for this project. Note that feature names are case insensitive.",
            "name",
        )


def _check_name_pattern(pattern: str, name: str) -> None:
    try:
        matches = compile_pattern(rf"(?:{pattern})\Z")
    except UnsupportedPatternError as error:
        raise Refused(f"The project's regex for feature names cannot be used: {error}", "name") from None
    if not matches(name):
        raise Refused(f"Feature name must match regex: {pattern}", "name")


def _check_limit(project: Project) -> None:
    if Feature.live.filter(project=project).count() >= project.max_features_allowed:
        raise LimitReached(
            "The Project has reached the maximum allowed features limit.",
            "project",
            limit="max_features_allowed of the project",
        )


def _check_tags(project: Project, tags: Sequence[Tag]) -> None:
    if any(tag.project_id != project.pk for tag in tags):
        raise Refused("Selected Tags must be from the same Project as current Feature")


def _check_group_owners(project: Project, groups: Sequence[Group]) -> None:
    for group in groups:
        if group.organisation_id != project.organisation_id:
            raise Refused(f'Invalid pk "{group.pk}" - object does not exist.', "group_owners")


def _owners(project: Project, new: NewFeature, by: Actor) -> Sequence[User]:
    strangers = [
        user.pk
        for user in new.owners
        if not permissions.has_project_permission(Actor(user=user), project, permissions.VIEW_PROJECT)
    ]
    if strangers:
        raise Refused(f"Users with ids {strangers} do not have access to this project.", "owners")
    if new.owners or new.group_owners:
        return new.owners
    if project.enforce_feature_owners:
        raise Refused("This project requires at least one owner or group owner when creating a feature.")
    return [by.user] if by.user else []
