"""Keys that open an environment to servers; each change takes effect at once."""

from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db.models import DeletedServerKey, Environment, ServerKey
from vexil.controlplane.permissions import Actor
from vexil.wire.keys import digest


@transaction.atomic
def create(environment: Environment, *, by: Actor, **fields: Any) -> ServerKey:
    key = ServerKey.objects.create(environment=environment, **fields)
    events.record(by, "server_key.created", key.pk, scope=environment, after={"name": key.name})
    publish(environment)
    return key


@transaction.atomic
def update(key: ServerKey, *, by: Actor, **changes: Any) -> ServerKey:
    for name, value in changes.items():
        setattr(key, name, value)
    key.save(update_fields=list(changes))
    events.record(by, "server_key.updated", key.pk, scope=key.environment, after={"name": key.name})
    publish(key.environment)
    return key


@transaction.atomic
def delete(key: ServerKey, *, by: Actor) -> None:
    events.record(by, "server_key.deleted", key.pk, scope=key.environment, before={"name": key.name})
    DeletedServerKey.objects.create(environment=key.environment, digest=digest(key.key))
    key.delete()
    publish(key.environment)
