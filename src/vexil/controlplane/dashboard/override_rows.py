"""Rows of a form that holds all segment overrides of a feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.feature_updates import OverrideUpdate
from vexil.controlplane.dashboard import value_formats, variations
from vexil.controlplane.dashboard.feature_rows import shown
from vexil.controlplane.dashboard.variations import Variation
from vexil.controlplane.db.models import FeatureState, MultivariateOption, Segment


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """`number` is its place in the order: 0 is the strongest."""

    number: int
    segment: Segment
    enabled: bool
    value: str
    value_format: str
    rows: tuple[Variation, ...]
    problem: str = ""
    is_new: bool = False

    @property
    def prefix(self) -> str:
        return f"override-{self.segment.pk}"


def of_state(place: int, state: FeatureState, options: Sequence[MultivariateOption]) -> OverrideRow:
    value = shown(state.value)
    rows = tuple(variations.of_state(options, state))
    return OverrideRow(place, segment_of(state), state.enabled, value, value_formats.guess(value), rows)


def with_new(
    rows: Sequence[OverrideRow], segment: Segment, options: Sequence[MultivariateOption], before: FeatureState | None
) -> list[OverrideRow]:
    """The rows and one more in the weakest place; a segment that had an override starts with that."""
    if before is not None:
        return [*rows, of_state(len(rows), before, options)]
    fresh = tuple(variations.of_state(options, None))
    return [*rows, OverrideRow(len(rows), segment, True, "", value_formats.PLAIN, fresh, is_new=True)]


def typed(form: QueryDict, known: Mapping[int, Segment], options: Sequence[MultivariateOption]) -> list[OverrideRow]:
    """In the order in which the form has them."""
    segments = [known[pk] for text in form.getlist("order") if (pk := number(text)) in known]
    return [_typed(form, place, segment, options) for place, segment in enumerate(dict.fromkeys(segments))]


def moved(rows: Sequence[OverrideRow], segment_id: int, step: int) -> list[OverrideRow]:
    order = list(rows)
    place = next((place for place, row in enumerate(order) if row.segment.pk == segment_id), None)
    if place is not None and 0 <= place + step < len(order):
        order[place], order[place + step] = order[place + step], order[place]
    return [replace(row, number=place) for place, row in enumerate(order)]


def update_of(row: OverrideRow) -> OverrideUpdate:
    """The state that a row wants; rows without problems only."""
    shares = variations.shares(row.rows)
    return OverrideUpdate(row.segment, Change(row.enabled, variations.columns(row.value), shares))


def segment_of(state: FeatureState) -> Segment:
    assert state.feature_segment is not None
    return state.feature_segment.segment


def number(text: str) -> int:
    """0 for what is no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _typed(form: QueryDict, place: int, segment: Segment, options: Sequence[MultivariateOption]) -> OverrideRow:
    prefix = f"override-{segment.pk}"
    value, chosen = form.get(f"{prefix}-value", "").replace("\r\n", "\n"), form.get(f"{prefix}-value_format", "")
    known = {option.pk: option for option in options}
    rows = tuple(
        replace(row, value=shown(known[row.id].value), key=known[row.id].key or "")
        for row in variations.typed(form, f"{prefix}-variation")
        if row.id in known
    )
    problem = value_formats.problem(value, chosen) or variations.problem(rows)
    is_new = form.get(f"{prefix}-new") == "yes"
    return OverrideRow(place, segment, f"{prefix}-enabled" in form, value, chosen, rows, problem, is_new)
