"""The deciding engine of an environment, whose outcomes carry their reasons."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from vexil import engine
from vexil.wire import flags, snapshot

Source = Literal["default", "segment_override", "identity_override"]


class Decision(NamedTuple):
    """What a feature gives, and where it comes from."""

    feature: snapshot.Feature
    state: snapshot.State
    value: snapshot.FlagValue
    variant: str | None
    """As `/identities/` shows it: None for a standard feature and for an option without a key."""
    source: Source
    segment: snapshot.Segment | None
    option_id: int | None
    is_constant: bool
    """The same for every identity."""

    @property
    def is_split(self) -> bool:
        """Chosen by the identity's percentage, the control value included."""
        return bool(self.state.allocations) and self.feature.type == "MULTIVARIATE"


class Overridden(NamedTuple):
    """A feature's state in a segment; `segment` is the index among the segments that have overrides."""

    segment: int
    state: snapshot.State


class Decisions:
    """The deciding engine of one view: the features in the order of `defaults`."""

    def __init__(
        self,
        source: snapshot.Snapshot,
        defaults: Sequence[snapshot.State],
        matchers: Sequence[engine.Matcher],
        overrides: Mapping[int, Sequence[Overridden]],
    ) -> None:
        self.all_segments = source.segments
        self.segments = [segment for segment in source.segments if segment.overrides]
        self.matchers = matchers
        self.features = {feature.id: feature for feature in source.features}
        self._options = {option.id: option for feature in source.features for option in feature.options}
        self._overrides = overrides
        self.names = [self.features[state.feature_id].name for state in defaults]
        self._positions = {state.feature_id: position for position, state in enumerate(defaults)}
        self.flags = [self._flag(state) for state in defaults]
        self._engine = engine.Environment(matchers, self.flags)

    def evaluate(self, subject: engine.Subject, overrides: snapshot.IdentityOverrides | None) -> list[Decision]:
        return self._engine.evaluate(subject, self.own(overrides))

    def own(self, overrides: snapshot.IdentityOverrides | None) -> dict[int, engine.Outcomes[Decision]]:
        """An identity's own overrides by the position of their feature."""
        return {
            self._positions[state.feature_id]: self._outcomes(state, "identity_override")
            for state in (overrides.states if overrides else ())
            if state.feature_id in self._positions
        }

    def _flag(self, state: snapshot.State) -> engine.Flag[Decision]:
        overrides = self._overrides.get(state.feature_id, ())
        return engine.Flag(
            self._outcomes(state, "default", is_constant=not overrides and not state.allocations),
            tuple(
                engine.Override(
                    override.segment,
                    self._outcomes(override.state, "segment_override", self.segments[override.segment]),
                )
                for override in overrides
            ),
        )

    def _outcomes(
        self,
        state: snapshot.State,
        source: Source,
        segment: snapshot.Segment | None = None,
        *,
        is_constant: bool = False,
    ) -> engine.Outcomes[Decision]:
        feature = self.features[state.feature_id]
        is_multivariate = feature.type == "MULTIVARIATE"
        control = Decision(
            feature, state, state.value, flags.CONTROL if is_multivariate else None, source, segment, None, is_constant
        )
        if not is_multivariate:
            return engine.Outcomes(control)
        shares = sorted(state.allocations, key=lambda share: share.id)
        return engine.Outcomes(
            control,
            tuple(engine.Variant(share.percentage, self._split(control, share)) for share in shares),
            state.seed,
        )

    def _split(self, control: Decision, share: snapshot.Allocation) -> Decision:
        option = self._options[share.option_id]
        return control._replace(value=option.value, variant=option.key, option_id=option.id)


def compiled(source: snapshot.Snapshot) -> Decisions:
    """All features of a snapshot, as server keys see them."""
    segments = [segment for segment in source.segments if segment.overrides]
    matchers = [engine.compile_segment(str(segment.id), segment.rules) for segment in segments]
    feature_ids = {feature.id for feature in source.features}
    return Decisions(source, source.defaults, matchers, strongest_first(segments, feature_ids))


def strongest_first(segments: Iterable[snapshot.Segment], feature_ids: Collection[int]) -> dict[int, list[Overridden]]:
    """Segment overrides by feature. On equal priority the first segment wins; no priority is the weakest."""
    found = (
        Overridden(index, state)
        for index, segment in enumerate(segments)
        for state in segment.overrides
        if state.feature_id in feature_ids
    )
    overrides: dict[int, list[Overridden]] = {}
    for override in sorted(found, key=lambda override: (_priority(override.state), override.segment)):
        overrides.setdefault(override.state.feature_id, []).append(override)
    return overrides


def _priority(state: snapshot.State) -> float:
    return math.inf if state.link is None or state.link.priority is None else state.link.priority
