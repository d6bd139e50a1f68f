"""Stacked bars, one for each day, as numbers for an SVG: pages carry no styles, so every size is an attribute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_WIDTH = 960
_LEFT, _BOTTOM, _TOP = 64, 22, 10
_LABEL_WIDTH = 120
_FILLED = 0.76
"""How much of a day's width its bar takes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar; `series` says which, for its colour."""

    series: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """`hint` is what a pointer over it tells."""

    day: date
    x: float
    width: float
    parts: tuple[Part, ...]
    hint: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the chart, or a label under it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    width: int
    height: int
    left: int = _LEFT


def stacked(days: Sequence[tuple[date, dict[str, int]]], *, width: int = _WIDTH) -> Chart:
    """The first series of each day lies at the bottom. `width` is in units of the SVG: less makes letters larger."""
    height = width // 4
    top = _ceiling(max((sum(counts.values()) for _, counts in days), default=0))
    room, step = height - _BOTTOM - _TOP, (width - _LEFT) / max(len(days), 1)
    bars = tuple(
        Bar(
            day,
            x=round(_LEFT + place * step + step * (1 - _FILLED) / 2, 1),
            width=round(step * _FILLED, 1),
            parts=_parts(counts, room / top, _TOP + room),
            hint=_hint(day, counts),
        )
        for place, (day, counts) in enumerate(days)
    )
    lines = tuple(Mark(round(_TOP + room * (1 - part), 1), f"{round(top * part):,}") for part in (0, 0.5, 1))
    every = max(1, -(-len(days) * _LABEL_WIDTH // width))
    labels = tuple(Mark(bar.x, f"{bar.day.day} {bar.day:%b}") for bar in bars[::every])
    return Chart(bars, lines, labels, width, height)


def _parts(counts: dict[str, int], unit: float, bottom: float) -> tuple[Part, ...]:
    parts, below = [], 0
    for series, count in counts.items():
        below += count
        if count:
            parts.append(Part(series, round(bottom - below * unit, 1), round(count * unit, 1)))
    return tuple(parts)


def _hint(day: date, counts: dict[str, int]) -> str:
    return f"{day.day} {day:%b %Y}: {sum(counts.values()):,}"


def _ceiling(number: int) -> int:
    """A round number that is not less: 1, 2 or 5 with noughts."""
    size = 1
    while True:
        for first in (1, 2, 5):
            if first * size >= max(number, 2):
                return first * size
        size *= 10
