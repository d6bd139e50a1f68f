"""All features and segments of an environment's project, for the few answers that need more than its flags.

Segments without an override decide no flag, so they are compiled only when somebody asks which segments match.
"""

from collections.abc import Callable
from functools import cached_property

from vexil import engine
from vexil.wire import snapshot

Warn = Callable[[str], None]


class Catalogue:
    def __init__(self, source: snapshot.Snapshot, warn: Warn) -> None:
        self._source = source
        self._warn = warn

    @cached_property
    def feature_names(self) -> frozenset[str]:
        return frozenset(feature.name for feature in self._source.features)

    def feature(self, feature_id: int) -> snapshot.Feature | None:
        return next((feature for feature in self._source.features if feature.id == feature_id), None)

    def control_value(self, feature_id: int) -> snapshot.FlagValue:
        """What the environment gives whoever gets no option."""
        return next((state.value for state in self._source.defaults if state.feature_id == feature_id), None)

    def matching_segments(self, subject: engine.Subject) -> list[snapshot.Segment]:
        return [self._source.segments[index] for index in engine.matching_segments(self._matchers, subject)]

    @cached_property
    def _matchers(self) -> list[engine.Matcher]:
        return [engine.compile_segment(str(segment.id), segment.rules, self._warn) for segment in self._source.segments]
