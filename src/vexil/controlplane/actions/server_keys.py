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
    events.record(by, "server_key.created", key.pk, scope=environment, after=facts(key))
    publish(environment)
    return key


@transaction.atomic
def update(key: ServerKey, *, by: Actor, **changes: Any) -> ServerKey:
    before = facts(key)
    for name, value in changes.items():
        setattr(key, name, value)
    key.save(update_fields=list(changes))
    events.record(by, "server_key.updated", key.pk, scope=key.environment, before=before, after=facts(key))
    publish(key.environment)
    return key


@transaction.atomic
def delete(key: ServerKey, *, by: Actor) -> None:
    events.record(by, "server_key.deleted", key.pk, scope=key.environment, before=facts(key))
    DeletedServerKey.objects.create(environment=key.environment, digest=digest(key.key))
    key.delete()
    publish(key.environment)


def facts(key: ServerKey) -> dict[str, Any]:
    """What an event tells of a key; never the key itself."""
    expires_at = key.expires_at.isoformat() if key.expires_at else None
    return {"name": key.name, "active": key.active, "expires_at": expires_at}
