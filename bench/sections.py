"""What a part of the bench has to say: a table for people, the numbers for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Section:
    title: str
    text: str
    numbers: object
    plots: dict[str, str] = field(default_factory=dict)
    """SVG by the name of its file."""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
