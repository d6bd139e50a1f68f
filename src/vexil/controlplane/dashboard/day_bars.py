"""A bar for each day, as numbers for an SVG: pages carry no styles, so every size is an attribute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 180
_LEFT, _BOTTOM, _TOP = 52, 22, 8
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


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
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def chart(days: Sequence[tuple[date, int]]) -> Chart:
    top = ceiling(max((count for _, count in days), default=0))
    room, step = HEIGHT - _BOTTOM - _TOP, (WIDTH - _LEFT) / max(len(days), 1)
    bars = []
    for place, (day, count) in enumerate(days):
        height = round(room * count / top, 1)
        x = round(_LEFT + place * step + step * 0.12, 1)
        bars.append(Bar(day, count, x, round(_TOP + room - height, 1), round(step * 0.76, 1), height))
    lines = tuple(Mark(round(_TOP + room * (1 - part), 1), f"{round(top * part):,}") for part in (0, 0.5, 1))
    every = max(1, -(-len(days) // _LABELS))
    labels = tuple(Mark(bar.x, f"{bar.day.day} {bar.day:%b}") for bar in bars[::every])
    return Chart(tuple(bars), lines, labels)


def ceiling(number: int) -> int:
    """A round number that is not less: 1, 2 or 5 with noughts."""
    size = 1
    while True:
        for first in (1, 2, 5):
            if first * size >= max(number, 2):
                return first * size
        size *= 10
