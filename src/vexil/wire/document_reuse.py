"""The environment document as text, made from that of the version before where nothing changed.

Writing it is most of the work of taking in a large environment: with 50,000 identity overrides it takes 0.63 s, and
0.05 s when a default was switched.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from vexil.wire import document, json_text, snapshot
from vexil.wire.json_text import Text

Item = TypeVar("Item", snapshot.Segment, snapshot.IdentityOverrides)


class Places(NamedTuple):
    """Where in a document each item of a list begins and ends; both are the same for one that is left out."""

    begins: "array[int]"
    ends: "array[int]"


class Encoded(NamedTuple):
    """A document, and what it was made from."""

    text: Text
    source: snapshot.Snapshot
    segments: Places
    identity_overrides: Places


def encoded(source: snapshot.Snapshot, before: Encoded | None = None) -> Encoded:
    """The document of `source`; where that has the very objects of another version, `before`, their texts are kept."""
    writer, steps = document.Writer(source), document.in_steps(source)
    known = _Known(source, before)
    segments = _List(source.segments, writer.segment, known.segments())
    overrides = _List(source.identity_overrides, writer.identity_override, known.identity_overrides())
    steps["project"]["segments"] = segments.texts()
    steps["identity_overrides"] = overrides.texts()
    text = json_text.dumps_in_steps(steps)
    return Encoded(
        text,
        source,
        segments.places_behind(text, b'"segments":['),
        overrides.places_behind(text, b'"identity_overrides":['),
    )


class _List(Generic[Item]):
    """A list of the document that is written one item after the other.

    No text is kept: to let go of ten thousands at once takes milliseconds, in which no request is answered.
    """

    def __init__(
        self, items: Sequence[Item], write: Callable[[Item], dict[str, Any] | None], former: "_Former[Item] | None"
    ) -> None:
        self._items: Sequence[Item] = items
        self._write: Callable[[Item], dict[str, Any] | None] = write
        self._former: _Former[Item] | None = former
        self._lengths = array("Q")

    def texts(self) -> Iterator[Text]:
        """Of the items that are not left out."""
        for item in self._items:
            text = self._text(item)
            self._lengths.append(len(text))
            if text:
                yield text

    def _text(self, item: Item) -> Text:
        """Empty for an item that is left out."""
        known = self._former.text(item) if self._former else None
        if known is not None:
            return known
        written = self._write(item)
        return json_text.dumps(written) if written else b""

    def places_behind(self, text: Text, opening: bytes) -> Places:
        """`opening` stands in the document once: within JSON's texts a quotation mark has a backslash before it."""
        found = re.search(re.escape(opening), text)
        assert found, "both lists are always there"
        place = found.end()
        begins, ends = array("Q"), array("Q")
        for length in self._lengths:
            begins.append(place)
            ends.append(place + length)
            place += length + 1 if length else 0
        return Places(begins, ends)


class _Former(Generic[Item]):
    """The texts that a document before has of the items of one list; asked for in the order of the items."""

    def __init__(
        self,
        text: Text,
        items: Sequence[Item],
        places: Places,
        *,
        id_of: Callable[[Item], int],
        is_touched: Callable[[Item], bool],
    ) -> None:
        self._text = memoryview(text)
        self._items: Sequence[Item] = items
        self._places = places
        self._id_of: Callable[[Item], int] = id_of
        self._is_touched: Callable[[Item], bool] = is_touched
        self._next = 0

    def text(self, item: Item) -> Text | None:
        """None if the very item was not there, or its text is no longer right."""
        place = self._next
        if not self._is_at(place, item):
            place = bisect_left(self._items, self._id_of(item), key=self._id_of)
            if not self._is_at(place, item):
                return None
        self._next = place + 1
        if self._is_touched(item):
            return None
        return self._text[self._places.begins[place] : self._places.ends[place]]

    def _is_at(self, place: int, item: Item) -> bool:
        return place < len(self._items) and self._items[place] is item


class _Known:
    """Texts of the document before that are right in the new one, too."""

    def __init__(self, source: snapshot.Snapshot, before: Encoded | None) -> None:
        self._source = source
        self._before = before
        self._touched = _touched(source.features, before.source.features) if before else set()

    def segments(self) -> _Former[snapshot.Segment] | None:
        if self._before is None:
            return None
        return _Former(
            self._before.text,
            self._before.source.segments,
            self._before.segments,
            id_of=lambda segment: segment.id,
            is_touched=lambda segment: self._has_touched(segment.overrides),
        )

    def identity_overrides(self) -> _Former[snapshot.IdentityOverrides] | None:
        if self._before is None or _named(self._source.environment) != _named(self._before.source.environment):
            return None
        return _Former(
            self._before.text,
            self._before.source.identity_overrides,
            self._before.identity_overrides,
            id_of=lambda identity: identity.identity_id,
            is_touched=lambda identity: self._has_touched(identity.states),
        )

    def _has_touched(self, states: Sequence[snapshot.State]) -> bool:
        return bool(self._touched) and any(state.feature_id in self._touched for state in states)


def _touched(features: Sequence[snapshot.Feature], before: Sequence[snapshot.Feature]) -> set[int]:
    """Ids of features that are new, changed or gone: they are told wherever they are overridden."""
    unchanged = {id(feature) for feature in before} & {id(feature) for feature in features}
    return {feature.id for feature in (*features, *before) if id(feature) not in unchanged}


def _named(environment: snapshot.Environment) -> tuple[object, ...]:
    """What of the environment stands at each identity."""
    return environment.id, environment.api_key, environment.use_identity_overrides_in_local_eval
