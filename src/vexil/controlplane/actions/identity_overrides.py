"""What one identity gets: an override set in one step, whether or not there was one."""

from dataclasses import replace

from django.db import transaction

from vexil.controlplane.actions import feature_states, identities, values
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, FeatureState
from vexil.controlplane.permissions import Actor
from vexil.stores.identities import Identity
from vexil.wire.snapshot import FlagValue


@transaction.atomic
def put(
    environment: Environment, feature: Feature, identity: Identity, change: Change, *, by: Actor, otherwise: FlagValue
) -> FeatureState:
    """The override after the change; a new one has the value `otherwise`, which the identity got before."""
    lock_environment(environment)
    state = FeatureState.live.filter(environment=environment, feature=feature, identity_id=identity.id).first()
    if state is not None:
        return feature_states.update(state, change, by=by)
    complete = change if change.value is not None else replace(change, value=values.of_native(otherwise))
    return feature_states.create(environment, feature, complete, by=by, identity=identity)


@transaction.atomic
def add(environment: Environment, feature: Feature, identifier: str, change: Change, *, by: Actor) -> FeatureState:
    """A new override; an identity of this name is made if there is none yet."""
    lock_environment(environment)
    identity = stores.current().identities.find(environment.pk, identifier)
    if identity is None:
        identity = identities.create(environment, identifier, by=by)
    return feature_states.create(environment, feature, change, by=by, identity=identity)


@transaction.atomic
def remove(environment: Environment, feature: Feature, identity: Identity, *, by: Actor) -> bool:
    """Say whether there was one."""
    lock_environment(environment)
    state = FeatureState.live.filter(environment=environment, feature=feature, identity_id=identity.id).first()
    if state is not None:
        feature_states.delete(state, by=by)
    return state is not None
