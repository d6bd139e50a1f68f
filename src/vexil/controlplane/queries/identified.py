"""Identities with the flags they get, for integrations; from the same snapshot that SDKs are served from."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from vexil import engine
from vexil.controlplane.db import stores
from vexil.controlplane.integrations.messages import Identified, IdentifiedInFull
from vexil.stores.identifications import Identification
from vexil.wire import snapshot as wire
from vexil.wire import times


@dataclass(frozen=True, slots=True)
class _Given:
    """What a feature state gives an identity."""

    feature: wire.Feature
    state: wire.State
    value: wire.FlagValue


class Identifying:
    """One environment, compiled once for many identities."""

    def __init__(self, source: wire.Snapshot) -> None:
        self._source = source
        self._features = {feature.id: feature for feature in source.features}
        self._options = {option.id: option for feature in source.features for option in feature.options}
        self._segments = [engine.compile_segment(str(one.id), one.rules) for one in source.segments]
        self._overrides = {entry.identifier: entry for entry in source.identity_overrides}
        self._positions = {state.feature_id: place for place, state in enumerate(source.defaults)}
        self._flags = engine.Environment(self._segments, [self._flag(state) for state in source.defaults])

    def brief(self, identification: Identification) -> Identified:
        flags = {given.feature.name: _property(given) for given in self._given(identification)}
        traits = {trait.key: trait.value for trait in identification.traits}
        return Identified(identification.identifier, traits, flags)

    def full(self, identification: Identification) -> IdentifiedInFull:
        subject = self._subject(identification)
        member_of = set(engine.matching_segments(self._segments, subject))
        return IdentifiedInFull(
            identity=identification.identifier,
            traits=[
                {"id": trait.id, "trait_key": trait.key, "trait_value": trait.value} for trait in identification.traits
            ],
            flags=[_flag_json(given) for given in self._given(identification)],
            segments=[
                {"id": segment.id, "name": segment.name, "member": place in member_of}
                for place, segment in enumerate(self._source.segments)
            ],
        )

    def _given(self, identification: Identification) -> list[_Given]:
        found = self._flags.evaluate(self._subject(identification), self._overridden(identification))
        hides = self._source.environment.hide_disabled_flags
        if self._source.project.hide_disabled_flags if hides is None else hides:
            found = [given for given in found if given.state.enabled]
        return [given for given in found if identification.is_server or not given.feature.is_server_key_only]

    def _subject(self, identification: Identification) -> engine.Subject:
        environment, identifier = self._source.environment, identification.identifier
        key = f"{environment.api_key}_{identifier}"
        if not environment.use_identity_composite_key_for_hashing:
            key = identifier if identification.identity_id is None else str(identification.identity_id)
        return engine.Subject(
            identifier=identifier,
            key=key,
            traits={trait.key: trait.value for trait in identification.traits},
            environment_key=environment.api_key,
            environment_name=environment.name,
        )

    def _overridden(self, identification: Identification) -> dict[int, engine.Outcomes[_Given]]:
        own = self._overrides.get(identification.identifier)
        if own is None or identification.identity_id is None:
            return {}
        positions = self._positions
        return {positions[one.feature_id]: self._outcomes(one) for one in own.states if one.feature_id in positions}

    def _flag(self, default: wire.State) -> engine.Flag[_Given]:
        overrides = [
            (state, place)
            for place, segment in enumerate(self._source.segments)
            for state in segment.overrides
            if state.feature_id == default.feature_id
        ]
        overrides.sort(key=lambda pair: _priority(pair[0]))  # stable: on equal priority the first segment wins
        return engine.Flag(
            self._outcomes(default),
            tuple(engine.Override(place, self._outcomes(state)) for state, place in overrides),
        )

    def _outcomes(self, state: wire.State) -> engine.Outcomes[_Given]:
        feature = self._features[state.feature_id]
        shares = sorted(state.allocations, key=lambda share: share.id)
        variants = tuple(
            engine.Variant(share.percentage, _Given(feature, state, self._options[share.option_id].value))
            for share in (shares if feature.type == "MULTIVARIATE" else ())
        )
        return engine.Outcomes(_Given(feature, state, state.value), variants, state.seed)


def by_environment(identifications: Iterable[Identification]) -> dict[int, tuple[Identifying, list[Identification]]]:
    """Those of environments that are served, with what evaluates them."""
    found: dict[int, tuple[Identifying, list[Identification]]] = {}
    gone: set[int] = set()
    for identification in identifications:
        pk = identification.environment_id
        if pk not in found and pk not in gone:
            stored = stores.current().snapshots.body(pk)
            if stored is None:
                gone.add(pk)
                continue
            found[pk] = (Identifying(wire.decode(stored[1])), [])
        if pk in found:
            found[pk][1].append(identification)
    return found


def _property(given: _Given) -> Any:
    return given.value if given.state.enabled and given.value not in (None, "") else given.state.enabled


def _priority(state: wire.State) -> float:
    return inf if state.link is None or state.link.priority is None else state.link.priority


def _flag_json(given: _Given) -> dict[str, Any]:
    feature, state = given.feature, given.state
    return {
        "id": state.id,
        "enabled": state.enabled,
        "feature_state_value": given.value,
        "feature_segment": state.link.id if state.link else None,
        "feature": {
            "id": feature.id,
            "name": feature.name,
            "type": feature.type,
            "created_date": times.zulu(feature.created_date),
            "description": feature.description,
            "initial_value": feature.initial_value,
            "default_enabled": feature.default_enabled,
        },
    }
