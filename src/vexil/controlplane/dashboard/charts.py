"""Stacked bars, one for each day, as numbers for an SVG: pages carry no styles, so every size is an attribute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vexil.controlplane.dashboard.day_bars import Mark, ceiling

WIDTH, HEIGHT = 960, 240
_LEFT, _BOTTOM, _TOP = 64, 22, 10
_LABELS = 8
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
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def stacked(days: Sequence[tuple[date, dict[str, int]]]) -> Chart:
    """The first series of each day lies at the bottom."""
    top = ceiling(max((sum(counts.values()) for _, counts in days), default=0))
    room, step = HEIGHT - _BOTTOM - _TOP, (WIDTH - _LEFT) / max(len(days), 1)
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
    every = max(1, -(-len(days) // _LABELS))
    return Chart(bars, lines, tuple(Mark(bar.x, f"{bar.day.day} {bar.day:%b}") for bar in bars[::every]))


def _parts(counts: dict[str, int], unit: float, bottom: float) -> tuple[Part, ...]:
    parts, below = [], 0
    for series, count in counts.items():
        below += count
        if count:
            parts.append(Part(series, round(bottom - below * unit, 1), round(count * unit, 1)))
    return tuple(parts)


def _hint(day: date, counts: dict[str, int]) -> str:
    return f"{day.day} {day:%b %Y}: {sum(counts.values()):,}"
