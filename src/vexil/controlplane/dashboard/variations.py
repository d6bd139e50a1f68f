"""The variations of a feature in a form: a row each, with a value and the share of identities that get it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from vexil.controlplane.actions import values
from vexil.controlplane.actions.allocations import Share, exceeds_everybody
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.dashboard.feature_rows import shown
from vexil.controlplane.db.models import FeatureState, MultivariateOption

ROWS_MAX = 50
TOO_MUCH = "The shares come to more than 100 %."


@dataclass(frozen=True, slots=True)
class Variation:
    """`weight` is as it was typed. A row without id is one to be made."""

    number: int
    id: int | None = None
    value: str = ""
    key: str = ""
    weight: str = "0"
    problem: str = ""

    @property
    def percentage(self) -> float:
        """0 for what is no share; `problem` says so."""
        try:
            number = float(self.weight.strip() or "0")
        except ValueError:
            return 0
        return number if math.isfinite(number) else 0

    @property
    def label(self) -> str:
        return self.key or self.value or "empty"


def of_state(options: Iterable[MultivariateOption], state: FeatureState | None) -> list[Variation]:
    """Each option with its share in a state."""
    shares = {share.option_id: share.percentage for share in state.allocations.all()} if state else {}
    return [
        Variation(number, option.pk, shown(option.value), option.key or "", _text(shares.get(option.pk, 0)))
        for number, option in enumerate(options)
    ]


def typed(form: QueryDict, prefix: str = "variation") -> list[Variation]:
    """The rows of a form, without those that were taken out."""
    rows = []
    for number in range(ROWS_MAX):
        name = f"{prefix}-{number}"
        if f"{name}-weight" not in form or form.get("without") == name or form.get(f"{name}-gone"):
            continue
        option_id, weight = form.get(f"{name}-id", ""), form.get(f"{name}-weight", "").strip() or "0"
        rows.append(
            Variation(
                number,
                int(option_id) if option_id.isascii() and option_id.isdigit() else None,
                form.get(f"{name}-value", ""),
                form.get(f"{name}-key", "").strip(),
                weight,
                _problem(weight),
            )
        )
    return [replace(row, number=number) for number, row in enumerate(rows)]


def with_another(rows: Sequence[Variation]) -> list[Variation]:
    return [*rows, Variation(len(rows))][:ROWS_MAX]


def problem(rows: Sequence[Variation]) -> str:
    """What is wrong with the rows as a whole."""
    if any(row.problem for row in rows):
        return "Shares are numbers from 0 to 100."
    return TOO_MUCH if exceeds_everybody(row.percentage for row in rows) else ""


def shares(rows: Iterable[Variation]) -> list[Share]:
    return [Share(row.id, row.percentage) for row in rows if row.id is not None]


def options(rows: Iterable[Variation], present: Iterable[MultivariateOption] = ()) -> list[OptionFields]:
    """What the feature's options shall be; new ones without a share, since it would count in every environment."""
    known = {option.pk for option in present}
    return [
        OptionFields(
            id=row.id if row.id in known else None,
            value=columns(row.value),
            percentage=None if row.id in known else 0,
            key=row.key or None,
            sets_key=True,
        )
        for row in rows
    ]


def columns(text: str) -> values.ValueColumns:
    """A typed value; the empty text is none."""
    return values.of_text(text) if text else values.of_native(None)


def _problem(weight: str) -> str:
    try:
        number = float(weight)
    except ValueError:
        return "no number"
    return "" if 0 <= number <= 100 else "not from 0 to 100"  # NaN is neither


def _text(percentage: float) -> str:
    return f"{percentage:g}"


def bar(rows: Sequence[Variation]) -> list[dict[str, Any]]:
    """Where each share begins and ends on a bar that is 100 wide; what is left is the control value's."""
    parts, start = [], 0.0
    for row in rows:
        width = max(0.0, min(row.percentage, 100 - start))
        parts.append({"x": round(start, 3), "width": round(width, 3), "label": row.label, "number": row.number % 6})
        start += width
    return parts


def differ(rows: Sequence[Variation], present: Sequence[MultivariateOption]) -> bool:
    """Whether rows change which options there are, or what they hold, rather than only their shares."""
    wanted = [(row.id, row.value, row.key) for row in rows]
    return wanted != [(option.pk, shown(option.value), option.key or "") for option in present]
