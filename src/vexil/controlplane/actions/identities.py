"""Identities and their traits, which live in `stores`, and their overrides, which are rows here."""

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, FeatureState
from vexil.controlplane.permissions import Actor
from vexil.stores.identities import IdentifierTaken, Identity, TraitValue, Upsert

_BATCH = 500


class UnknownIdentity(Exception):
    """The identity is gone."""


class IdentityExists(Exception):
    """The environment has an identity of this name already."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Identity with identifier '{identifier}' already exists in this environment")


@transaction.atomic
def create(environment: Environment, identifier: str, *, by: Actor) -> Identity:
    try:
        identity = stores.current().identities.create(environment.pk, identifier)
    except IdentifierTaken:
        raise IdentityExists(identifier) from None
    try:
        events.record(by, "identity.created", identity.id, scope=environment, after={"identifier": identifier})
    except Exception:
        # The event needs its id, so the store went first; its transaction is not ours.
        stores.current().identities.delete(environment.pk, identity.id)
        raise
    return identity


@transaction.atomic
def rename(environment: Environment, identity: Identity, identifier: str, *, by: Actor) -> Identity:
    """The identity under its new name, with its overrides."""
    lock_environment(environment)
    events.record(
        by,
        "identity.renamed",
        identity.id,
        scope=environment,
        before={"identifier": identity.identifier},
        after={"identifier": identifier},
    )
    FeatureState.live.filter(environment=environment, identity_id=identity.id).update(identity_identifier=identifier)
    publish(environment)
    # The store goes last: should it refuse, the rows are rolled back.
    try:
        renamed = stores.current().identities.rename(environment.pk, identity.id, identifier)
    except IdentifierTaken:
        raise IdentityExists(identifier) from None
    if renamed is None:
        raise UnknownIdentity
    return renamed


@transaction.atomic
def delete(environment: Environment, identity: Identity, *, by: Actor) -> None:
    """The identity with its traits and overrides."""
    lock_environment(environment)
    events.record(by, "identity.deleted", identity.id, scope=environment, before={"identifier": identity.identifier})
    overrides = FeatureState.live.filter(environment=environment, identity_id=identity.id)
    overrides.update(deleted_at=timezone.now())
    publish(environment)
    stores.current().identities.delete(environment.pk, identity.id)


@transaction.atomic
def set_traits(
    environment: Environment, identity: Identity, traits: dict[str, TraitValue | None], *, by: Actor
) -> Identity:
    """Set or (None) delete traits. The event names keys and no values: these are about people."""
    held = identity.trait_values()
    before = {"traits": [key for key in traits if key in held]}
    after = {"traits": [key for key, value in traits.items() if value is not None]}
    events.record(
        by,
        "identity.traits_changed",
        identity.id,
        scope=environment,
        before=before if before["traits"] else None,
        after=after if after["traits"] else None,
    )
    changed = stores.current().identities.set_traits(environment.pk, identity.id, traits)
    if changed is None:
        raise UnknownIdentity
    return changed


def delete_trait_everywhere(environment: Environment, key: str, *, by: Actor) -> None:
    """Delete a trait of all identities of an environment, in batches, which keep nobody else waiting."""
    with transaction.atomic():
        events.record(by, "environment.trait_deleted", environment.pk, scope=environment, before={"traits": [key]})
    identities = stores.current().identities
    offset = 0
    while batch := identities.page(environment.pk, offset=offset, limit=_BATCH).identities:
        holders = [identity for identity in batch if key in identity.trait_values()]
        identities.save_many([Upsert(environment.pk, holder.identifier, {key: None}) for holder in holders])
        offset += len(batch)
