"""An organisation's keys for scripts; revoked and deleted ones fail with the next request."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events
from vexil.controlplane.db.models import MasterAPIKey, Organisation
from vexil.controlplane.permissions import Actor


@transaction.atomic
def create(organisation: Organisation, *, by: Actor, **fields: Any) -> tuple[MasterAPIKey, str]:
    """The key's row, and the key itself: nothing that is kept can tell it a second time."""
    key = MasterAPIKey(organisation=organisation, created_by=by.user, **fields)
    text = MasterAPIKey.objects.assign_key(key)
    key.save()
    events.record(by, "master_api_key.created", key.prefix, scope=organisation, after=facts(key))
    return key, text


@transaction.atomic
def update(key: MasterAPIKey, *, by: Actor, **changes: Any) -> MasterAPIKey:
    """Rename, set the end, or revoke it for good."""
    before = facts(key)
    for name, value in changes.items():
        setattr(key, name, value)
    key.save(update_fields=list(changes))
    events.record(by, "master_api_key.updated", key.prefix, scope=key.organisation, before=before, after=facts(key))
    return key


@transaction.atomic
def delete(key: MasterAPIKey, *, by: Actor) -> None:
    key.deleted_at = timezone.now()
    key.save(update_fields=["deleted_at"])
    events.record(by, "master_api_key.deleted", key.prefix, scope=key.organisation, before=facts(key))


def facts(key: MasterAPIKey) -> dict[str, Any]:
    """What an event tells of a key; never the key itself."""
    expiry_date = key.expiry_date.isoformat() if key.expiry_date else None
    return {"name": key.name, "is_admin": key.is_admin, "revoked": key.revoked, "expiry_date": expiry_date}
