"""Two situations of a feature side by side: for everybody, and for each segment that overrides it in either."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vexil.controlplane.actions import values
from vexil.controlplane.dashboard.feature_rows import shown
from vexil.controlplane.dashboard.value_changes import compared, on_off
from vexil.controlplane.db.models import FeatureState
from vexil.controlplane.db.models.features import ValueType

Lines = tuple[tuple[str, str], ...]
_SHOWN_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Side:
    """What a state says, as people read it. `order` counts segment overrides from 1, the strongest."""

    enabled: str
    value: str
    shares: str
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    what: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        return self.left != self.right

    @property
    def left_shown(self) -> str:
        return _beginning(self.left)

    @property
    def right_shown(self) -> str:
        return _beginning(self.right)


@dataclass(frozen=True, slots=True)
class Part:
    """A default (`segment_id` None) or a segment's override; a side that has none is None."""

    segment_id: int | None
    name: str
    left: Side | None
    right: Side | None

    @property
    def differs(self) -> bool:
        return self.left != self.right

    @property
    def facts(self) -> list[Fact]:
        found = [
            Fact("Enabled", *self._both("enabled")),
            Fact("Value", *self._both("value")),
        ]
        if any(side and side.shares for side in (self.left, self.right)):
            found.append(Fact("Shares", *self._both("shares")))
        if self.segment_id is not None:
            found.append(Fact("Priority", *self._both("order")))
        return found

    @property
    def lines(self) -> Lines:
        """The values line by line, where they differ and one has several lines."""
        left, right = (side.value if side else "" for side in (self.left, self.right))
        return compared(left, right) if left != right and ("\n" in left or "\n" in right) else ()

    def _both(self, name: str) -> tuple[str, str]:
        texts = (str(getattr(side, name)) if side else "–" for side in (self.left, self.right))
        left, right = texts
        return left, right


def parts(left: Iterable[FeatureState], right: Iterable[FeatureState], labels: Mapping[int, str]) -> list[Part]:
    """The default first, then segments as they stand on the left; `labels` name options by id."""
    sides = [_sides(states, labels) for states in (left, right)]
    names: dict[int | None, str] = {None: "Everybody"}
    for _, found in sides:
        names.update({key: name for key, name in found.items() if key not in names})
    return [Part(key, name, sides[0][0].get(key), sides[1][0].get(key)) for key, name in names.items()]


def labels_of(states: Iterable[FeatureState]) -> dict[int, str]:
    """Names of the options in states whose allocations were fetched."""
    return {
        share.option_id: share.option.key or shown(share.option.value) or "empty"
        for state in states
        for share in state.allocations.all()
    }


def _beginning(text: str) -> str:
    """As much as a table has room for; a page has hundreds of these, for which the template's filter is too slow."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _sides(
    states: Iterable[FeatureState], labels: Mapping[int, str]
) -> tuple[dict[int | None, Side], dict[int | None, str]]:
    ordered = sorted(states, key=_order)
    found: dict[int | None, Side] = {}
    names: dict[int | None, str] = {}
    for state in ordered:
        link = state.feature_segment
        key = link.segment_id if link else None
        if key in found:
            continue
        place = len([each for each in found if each is not None]) + 1
        found[key] = Side(on_off(state.enabled), _value(state), _shares(state, labels), place if link else None)
        names[key] = f"Segment {link.segment.name}" if link else "Everybody"
    return found, names


def _order(state: FeatureState) -> tuple[int, int, int]:
    link = state.feature_segment
    return (1, link.priority, state.pk) if link else (0, 0, state.pk)


def _value(state: FeatureState) -> str:
    """In quotes where a text looks like a number or a truth value, which programs would notice."""
    text = shown(state.value)
    is_text = isinstance(state.value, str)
    return f'"{text}"' if is_text and values.of_text(text).get("type") != ValueType.STRING else text


def _shares(state: FeatureState, labels: Mapping[int, str]) -> str:
    shares = sorted(state.allocations.all(), key=lambda share: share.option_id)
    return ", ".join(
        f"{labels.get(share.option_id, '?')} {share.percentage:g} %" for share in shares if share.percentage
    )
