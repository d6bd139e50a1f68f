"""Copying an environment."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events, version_copies
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db.models import Environment, EnvironmentGrant, Feature, Metadata
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import snapshot_states

_OWN = frozenset({"id", "uuid", "name", "api_key", "created_date", "deleted_at", "version", "updated_at"})


@transaction.atomic
def clone(source: Environment, *, name: str, by: Actor) -> Environment:
    """An environment with the settings, custom fields, defaults and segment overrides of another.

    The user who makes it is its admin.
    Two environments may have the same name here: that is how the reference clones.
    """
    lock_project(source.project)  # what is copied, and the list of features, stand still meanwhile
    source = Environment.live.select_related("project__organisation").get(pk=source.pk)
    copy = Environment.objects.create(name=name, **_settings(source))
    features, now = Feature.live.filter(project=source.project).order_by("pk"), timezone.now()
    versions = version_copies.first_versions(copy, features, now=now)
    states = [state for state in snapshot_states.live_states(source, now) if state.identity_id is None]
    version_copies.copy_states(states, copy, versions)
    Metadata.objects.bulk_create(
        Metadata(environment=copy, model_field_id=row.model_field_id, field_value=row.field_value)
        for row in Metadata.objects.filter(environment=source).order_by("pk")
    )
    if by.user:
        EnvironmentGrant.objects.create(user=by.user, environment=copy, is_admin=True)
    after = {"name": name, "cloned_from": source.pk}
    events.record(by, "environment.created", copy.pk, scope=copy, after=after)
    publish(copy)
    return copy


def _settings(source: Environment) -> dict[str, Any]:
    columns = Environment.objects.filter(pk=source.pk).values().get()
    return {name: value for name, value in columns.items() if name not in _OWN}
