"""A sample of identities, evaluated there by the Flags API and here by our engine over what was imported."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Organisation
from vexil.controlplane.moving.flagsmith.source import Source, SourceFailed
from vexil.controlplane.queries import feature_states
from vexil.stores.identities import Identity

_READERS = 8
Flags = dict[str, tuple[bool, Any]]
"""Enabled and value, by the name of the feature."""


@dataclass
class Comparison:
    identities: int = 0
    flags: int = 0
    differences: list[str] = field(default_factory=list)


def compare(source: Source, organisation: Organisation, *, sample: int) -> Comparison:
    """Up to `sample` identities of each environment, spread over all that it has."""
    found = Comparison()
    environments = Environment.live.filter(project__organisation=organisation, project__deleted_at=None)
    for environment in environments.select_related("project__organisation").order_by("pk"):
        server_key = environment.server_keys.filter(active=True).order_by("pk").first()
        key = server_key.key if server_key else environment.api_key
        identities = list(_sample(environment.pk, sample))
        with ThreadPoolExecutor(_READERS) as readers:
            names = [identity.identifier for identity in identities]
            theirs = list(readers.map(_asked, repeat(source), repeat(key), names))
        for identity, answer in zip(identities, theirs, strict=True):
            _compare_one(found, environment, identity, answer, sees_all=server_key is not None)
    return found


def _sample(environment_id: int, size: int) -> Iterator[Identity]:
    identities = stores.current().identities
    total = identities.page(environment_id, offset=0, limit=1).total
    step = max(1, total // size) if size else 0
    for offset in range(0, total, step) if size else ():
        if offset // step >= size:
            return
        yield from identities.page(environment_id, offset=offset, limit=1).identities


def _asked(source: Source, key: str, identifier: str) -> dict[str, Any] | str:
    try:
        return source.flags_of(key, identifier)
    except SourceFailed as failure:
        return str(failure)


def _compare_one(
    found: Comparison, environment: Environment, identity: Identity, answer: dict[str, Any] | str, *, sees_all: bool
) -> None:
    place = f"{environment.project.name} / {environment.name} / {identity.identifier}"
    found.identities += 1
    if isinstance(answer, str):
        found.differences.append(f"{place}: not compared: {answer}")
        return
    theirs: Flags = {
        flag["feature"]["name"]: (flag["enabled"], flag["feature_state_value"]) for flag in answer["flags"]
    }
    ours, hidden = _ours(environment, identity, sees_all=sees_all)
    for name in sorted(theirs.keys() | ours.keys()):
        found.flags += 1
        there, here = theirs.get(name), ours.get(name, hidden.get(name))
        if there != here and not (there is None and name in hidden):
            found.differences.append(f"{place}: {name} is {_told(there)} there and {_told(here)} here")
    traits = {trait["trait_key"]: trait["trait_value"] for trait in answer["traits"]}
    if traits != identity.trait_values():
        found.differences.append(f"{place}: its traits differ")


def _ours(environment: Environment, identity: Identity, *, sees_all: bool) -> tuple[Flags, Flags]:
    """What is shown, and what may be hidden: archived, for servers only, or disabled where that hides."""
    hides = environment.hide_disabled_flags
    hides = environment.project.hide_disabled_flags if hides is None else hides
    shown: Flags = {}
    hidden: Flags = {}
    for decision in feature_states.of_identity(environment, identity):
        feature, outcome = decision.state.feature, (decision.state.enabled, decision.value)
        is_hidden = (
            feature.is_archived
            or (feature.is_server_key_only and not sees_all)
            or (bool(hides) and not decision.state.enabled)
        )
        (hidden if is_hidden else shown)[feature.name] = outcome
    return shown, hidden


def _told(flag: tuple[bool, Any] | None) -> str:
    return "absent" if flag is None else f"{'on' if flag[0] else 'off'} with {flag[1]!r}"
