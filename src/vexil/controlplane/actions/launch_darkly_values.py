"""Variations of LaunchDarkly as values here, and what one of them, or shares of several, change in a state."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from vexil.controlplane.actions import values
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.values import INTEGER_MAX, INTEGER_MIN, ValueColumns
from vexil.controlplane.db.models import Feature, FeatureState, MultivariateOption
from vexil.controlplane.integrations.launch_darkly.answers import WHOLE, Flag, Outcome, Rollout, Settings

BOOLEAN = "boolean"


def columns_of(value: Any) -> ValueColumns:
    """Texts and whole numbers as they are, anything else as JSON."""
    if value is None or isinstance(value, str):
        text = value
    elif type(value) is int and INTEGER_MIN <= value <= INTEGER_MAX:
        return values.of_native(value)
    else:
        text = json.dumps(value, ensure_ascii=False)
    limit = settings.VEXIL.feature_value_characters_max
    if text is not None and len(text) > limit:
        raise Refused(f"A variation has more than {limit:,} characters.")
    return values.of_native(text if text is None else text.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def text_of(columns: ValueColumns) -> str | None:
    """As a feature's initial value."""
    value = FeatureState(**columns).value
    return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What outcomes of a flag mean in one environment."""

    flag: Flag
    settings: Settings
    options: list[MultivariateOption]

    @classmethod
    def of(cls, flag: Flag, settings: Settings, feature: Feature) -> "Outcomes":
        return cls(flag, settings, list(MultivariateOption.objects.filter(feature=feature).order_by("pk")))

    @property
    def is_boolean(self) -> bool:
        return self.flag.kind == BOOLEAN

    def default(self) -> Change:
        """What everybody gets whom no rule meets."""
        if self.settings.on:
            return self.change(self.settings.fallthrough)
        off = self.change(Outcome(variation=self.settings.off_variation))
        is_enabled = self.is_boolean and self.value(self.settings.off_variation) is True
        return Change(is_enabled, off.value, off.shares)

    def change(self, outcome: Outcome) -> Change:
        """A boolean flag is switched on or off; any other has a value, and is on where the flag is."""
        if self.is_boolean:
            is_true = outcome.rollout is None and self.value(outcome.variation) is True
            return Change(enabled=self.settings.on and is_true, value=values.of_native(None))
        if outcome.rollout is None:
            return Change(self.settings.on, columns_of(self.value(outcome.variation)), self._shares({}))
        weights = {columns_key(columns_of(self.value(row.variation))): 0.0 for row in outcome.rollout.variations}
        for row in outcome.rollout.variations:
            weights[columns_key(columns_of(self.value(row.variation)))] += row.weight * 100 / WHOLE
        rest = columns_of(self.value(self.settings.off_variation))
        return Change(self.settings.on, rest, self._shares(weights))

    def share_of_true(self, rollout: Rollout) -> float:
        """In percent."""
        return sum(row.weight for row in rollout.variations if self.value(row.variation) is True) * 100 / WHOLE

    def value(self, variation: int | None) -> Any:
        if variation is None:
            return None
        if not 0 <= variation < len(self.flag.variations):
            raise Refused(f"There is no variation {variation}.")
        return self.flag.variations[variation].value

    def _shares(self, weights: dict[Any, float]) -> list[Share]:
        return [Share(row.pk, weights.get(columns_key(values.columns_of(row)), 0.0)) for row in self.options]


def columns_key(columns: ValueColumns) -> tuple[str, Any]:
    """Equal for equal values of one type."""
    return columns["type"], FeatureState(**columns).value
