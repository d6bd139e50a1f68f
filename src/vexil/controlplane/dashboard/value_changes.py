"""What differs between two values of a feature, in words and lines."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from vexil.controlplane.dashboard.variations import Variation

LINES_MAX = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs; `lines` instead of `before` and `after` for long texts."""

    what: str
    before: str = ""
    after: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    """`+`, `-` or a blank, and the line."""


def changes_of(
    was_on: bool,
    old_value: str,
    old_rows: Sequence[Variation],
    is_on: bool,
    new_value: str,
    new_rows: Sequence[Variation],
) -> list[Change]:
    found = []
    if was_on != is_on:
        found.append(Change("Enabled", on_off(was_on), on_off(is_on)))
    if old_value != new_value:
        found.append(of_texts("Value", old_value, new_value))
    return found + _of_rows(old_rows, new_rows)


def of_texts(what: str, before: str, after: str) -> Change:
    """Line by line where there is more than one line."""
    if "\n" in before or "\n" in after:
        return Change(what, lines=compared(before, after))
    return Change(what, before or "no value", after or "no value")


def compared(before: str, after: str) -> tuple[tuple[str, str], ...]:
    lines = difflib.ndiff(before.splitlines()[:LINES_MAX], after.splitlines()[:LINES_MAX])
    return tuple((line[0], line[2:]) for line in lines if not line.startswith("?"))


def on_off(enabled: bool) -> str:
    return "on" if enabled else "off"


def _of_rows(old: Sequence[Variation], new: Sequence[Variation]) -> list[Change]:
    found: list[Change] = []
    before = {row.id: row for row in old}
    kept = {row.id for row in new if row.id is not None}
    found += [Change(f"Variation {row.label}", f"{row.weight} %", "taken out") for row in old if row.id not in kept]
    for row in new:
        was = before.get(row.id) if row.id is not None else None
        if was is None:
            found.append(Change(f"Variation {row.label}", "new", f"{row.weight} %"))
            continue
        if was.percentage != row.percentage:
            found.append(Change(f"Share of {was.label}", f"{was.weight} %", f"{row.weight} %"))
        if (was.value, was.key) != (row.value, row.key):
            found.append(Change("Variation, in all environments", was.label, row.label))
    return found
