"""Sets of characters as sorted ranges of code points, with the meaning that Python's patterns give them."""

import re
import sys
from collections.abc import Iterable
from functools import cache
from re import _casefix  # type: ignore[attr-defined]  # private, but the one table of Python's folding

Ranges = tuple[tuple[int, int], ...]

EVERYTHING: Ranges = ((0, sys.maxunicode),)
_ASCII: Ranges = ((0, 127),)
_LAST_CASED = 0x1E943


def single(code: int) -> Ranges:
    return ((code, code),)


def union(sets: Iterable[Ranges]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pair for ranges in sets for pair in ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    outside = []
    start = 0
    for first, last in ranges:
        if start < first:
            outside.append((start, first - 1))
        start = last + 1
    if start <= sys.maxunicode:
        outside.append((start, sys.maxunicode))
    return tuple(outside)


@cache
def category(escape: str, *, ascii_only: bool) -> Ranges:
    r"""What `\d`, `\s`, `\w` and their opposites stand for: Python itself is asked, for every character."""
    every_character = "".join(map(chr, range(sys.maxunicode + 1)))
    runs = re.finditer(f"{escape}+", every_character, re.ASCII if ascii_only else 0)
    return tuple((run.start(), run.end() - 1) for run in runs)


def in_any_case(ranges: Ranges, *, ascii_only: bool) -> Ranges:
    """The set with every character that differs from one of its own by case only, as Python sees it."""
    variants = _case_variants(ascii_only)
    cased = (code for first, last in ranges for code in _within(variants, first, last))
    return union([ranges, *(single(other) for code in cased for other in variants[code])])


def _within(variants: dict[int, set[int]], first: int, last: int) -> list[int]:
    codes = range(first, last + 1) if last - first < len(variants) else variants
    return [code for code in codes if first <= code <= last and code in variants]


@cache
def _case_variants(ascii_only: bool) -> dict[int, set[int]]:
    last = 127 if ascii_only else _LAST_CASED
    lower = {code: ord(chr(code).lower()[0]) for code in range(last + 1)}
    sources: dict[int, set[int]] = {}
    for code, lowered in lower.items():
        sources.setdefault(lowered, {lowered}).add(code)
    extra = {} if ascii_only else _casefix._EXTRA_CASES  # noqa: SLF001 -- see the import
    variants = {}
    for code, lowered in lower.items():
        equals = set().union(*(sources.get(other, {other}) for other in (lowered, *extra.get(lowered, ()))))
        if equals != {code}:
            variants[code] = equals
    return variants
