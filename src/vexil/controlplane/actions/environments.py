"""Environments: creating, changing and deleting them."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events, feature_states, locks, metadata
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.metadata import Value
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Environment, EnvironmentGrant, Feature, Project
from vexil.controlplane.permissions import Actor


class NameTaken(Refused):
    """Another environment of the project has this name."""


class KeyTaken(Refused):
    """Another environment has this client key."""


@transaction.atomic
def create(project: Project, *, by: Actor, custom_fields: Sequence[Value] | None = None, **fields: Any) -> Environment:
    """A new environment with one live state for each feature; the user who makes it is its admin."""
    lock_project(project)  # a feature that is created meanwhile must not miss this environment
    _check_name(project, fields["name"])
    _check_key(fields.get("api_key"))
    environment = Environment.objects.create(project=project, **fields)
    features = Feature.live.filter(project=project).order_by("pk")
    feature_states.create_defaults(environments=[environment], features=features)
    metadata.replace(environment, custom_fields)
    if by.user:
        EnvironmentGrant.objects.create(user=by.user, environment=environment, is_admin=True)
    events.record(by, "environment.created", environment.pk, scope=environment, after={"name": environment.name})
    publish(environment)
    return environment


@transaction.atomic
def update(
    environment: Environment, *, by: Actor, custom_fields: Sequence[Value] | None = None, **changes: Any
) -> Environment:
    """Set columns by name; `custom_fields`, when given, are the only ones from now on."""
    locks.lock_project(environment.project)
    if changes.get("name", environment.name) != environment.name:
        _check_name(environment.project, changes["name"])
    if changes.get("api_key", environment.api_key) != environment.api_key:
        _check_key(changes["api_key"])
    before = {name: getattr(environment, name) for name in changes}
    before["metadata"] = metadata.facts(environment)
    for name, value in changes.items():
        setattr(environment, name, value)
    environment.save(update_fields=list(changes))
    metadata.replace(environment, custom_fields)
    after = {**changes, "metadata": metadata.facts(environment)}
    events.record(by, "environment.updated", environment.pk, scope=environment, before=before, after=after)
    publish(environment)
    return environment


@transaction.atomic
def delete(environment: Environment, *, by: Actor) -> None:
    """Its keys stop at once."""
    Environment.objects.filter(pk=environment.pk).update(deleted_at=timezone.now())
    events.record(by, "environment.deleted", environment.pk, scope=environment, before={"name": environment.name})
    publish(environment)


def _check_name(project: Project, name: str) -> None:
    """Raise `NameTaken`. The project is locked until the end, so that no one else takes the name meanwhile."""
    locks.lock_project(project)
    if Environment.live.filter(project=project, name=name).exists():
        raise NameTaken("An environment with this name already exists.")


def _check_key(key: str | None) -> None:
    """Raise `KeyTaken`; keys of deleted environments are not used again."""
    if key is not None and Environment.objects.filter(api_key=key).exists():
        raise KeyTaken("environment with this api key already exists.", field="api_key")
