"""The environment document as text, made from that of the version before where nothing changed.

Writing it is most of the work of taking in a large environment: with 50,000 identity overrides it takes 0.63 s, and
0.05 s when a default was switched.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from vexil.wire import document, json_text, snapshot

Item = TypeVar("Item", snapshot.Segment, snapshot.IdentityOverrides)
Text = bytes | memoryview


class Places(NamedTuple):
    """Where in a document each item of a list begins and ends; both are the same for one that is left out."""

    begins: "array[int]"
    ends: "array[int]"


class Encoded(NamedTuple):
    """A document, and what it was made from."""

    text: bytes
    source: snapshot.Snapshot
    segments: Places
    identity_overrides: Places


def encoded(source: snapshot.Snapshot, before: Encoded | None = None) -> Encoded:
    """The document of `source`; where that has the very objects of another version, `before`, their texts are kept."""
    writer, steps = document.Writer(source), document.in_steps(source)
    known = _Known(source, before)
    segments = list(_texts(source.segments, writer.segment, known.segments()))
    overrides = list(_texts(source.identity_overrides, writer.identity_override, known.identity_overrides()))
    steps["project"]["segments"] = filter(None, segments)
    steps["identity_overrides"] = filter(None, overrides)
    text = json_text.dumps_in_steps(steps)
    return Encoded(
        text, source, _places(text, b'"segments":[', segments), _places(text, b'"identity_overrides":[', overrides)
    )


def _texts(
    items: Sequence[Item], write: Callable[[Item], dict[str, Any] | None], known: dict[int, Text]
) -> Iterator[Text]:
    """One for each item, empty for one that is left out."""
    for item in items:
        text = known.get(id(item))
        if text is None:
            written = write(item)
            text = json_text.dumps(written) if written else b""
        yield text


def _places(text: bytes, opening: bytes, texts: list[Text]) -> Places:
    """`opening` stands in the document once: within JSON's texts a quotation mark has a backslash before it."""
    place = text.index(opening) + len(opening)
    begins, ends = array("Q"), array("Q")
    for one in texts:
        begins.append(place)
        ends.append(place + len(one))
        place += len(one) + 1 if one else 0
    return Places(begins, ends)


class _Known:
    """Texts of the document before that are right in the new one, too."""

    def __init__(self, source: snapshot.Snapshot, before: Encoded | None) -> None:
        self._source = source
        self._before = before
        self._touched = _touched(source.features, before.source.features) if before else set()

    def segments(self) -> dict[int, Text]:
        """By the identity of the item, which is safe while the document before holds it."""
        if self._before is None:
            return {}
        states = ((segment, segment.overrides) for segment in self._before.source.segments)
        return self._untouched(self._before.text, states, self._before.segments)

    def identity_overrides(self) -> dict[int, Text]:
        if self._before is None or _named(self._source.environment) != _named(self._before.source.environment):
            return {}
        states = ((identity, identity.states) for identity in self._before.source.identity_overrides)
        return self._untouched(self._before.text, states, self._before.identity_overrides)

    def _untouched(
        self, text: bytes, items: Iterator[tuple[Any, Sequence[snapshot.State]]], places: Places
    ) -> dict[int, Text]:
        view, touched = memoryview(text), self._touched
        return {
            id(item): view[begin:end]
            for (item, states), begin, end in zip(items, *places, strict=True)
            if not (touched and any(state.feature_id in touched for state in states))
        }


def _touched(features: Sequence[snapshot.Feature], before: Sequence[snapshot.Feature]) -> set[int]:
    """Ids of features that are new, changed or gone: they are told wherever they are overridden."""
    unchanged = {id(feature) for feature in before} & {id(feature) for feature in features}
    return {feature.id for feature in (*features, *before) if id(feature) not in unchanged}


def _named(environment: snapshot.Environment) -> tuple[object, ...]:
    """What of the environment stands at each identity."""
    return environment.id, environment.api_key, environment.use_identity_overrides_in_local_eval
