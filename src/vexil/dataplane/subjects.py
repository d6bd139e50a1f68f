"""The identity of a request as the engine takes it."""

import hashlib
import uuid

from vexil import engine
from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.traits import ShownTrait
from vexil.stores.identities import Identity


def subject(
    environment: CompiledEnvironment, identifier: str, identity: Identity | None, shown: list[ShownTrait]
) -> engine.Subject:
    """`identity` is the stored one, if there is one."""
    settings = environment.settings
    if settings.use_identity_composite_key_for_hashing:
        key = f"{settings.api_key}_{identifier}"
    else:
        key = str(identity.id) if identity else identifier
    return engine.Subject(
        identifier=identifier,
        key=key,
        traits={trait.key: trait.value for trait in shown},
        environment_key=settings.api_key,
        environment_name=settings.name,
    )


def anonymous_identifier(shown: list[ShownTrait]) -> str:
    """Equal traits are the same anonymous identity, and so get the same variants; without traits it is random."""
    if not shown:
        return uuid.uuid4().hex
    text = "".join(f"{trait.key}{trait.value}" for trait in sorted(shown, key=lambda trait: trait.key))
    return hashlib.sha256(text.encode()).hexdigest()
