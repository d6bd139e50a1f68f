"""Which share of identities gets which option in a feature state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Allocation, FeatureState, MultivariateOption

_FIELD = "multivariate_feature_state_values"
_TOLERANCE = 1e-9
"""Fractions that add up to 100 on paper may miss it by a hair."""


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage (0 to 100) of identities and the option they get."""

    option_id: int
    percentage: float


def exceeds_everybody(percentages: Iterable[float]) -> bool:
    return sum(percentages) > 100 + _TOLERANCE


def replace(state: FeatureState, shares: Sequence[Share]) -> None:
    """Give a state exactly these shares. An option that stays keeps its row, and so its place in the hash."""
    _check(state, shares)
    wanted = {share.option_id: share.percentage for share in shares}
    present = {row.option_id: row for row in state.allocations.all()}
    state.allocations.exclude(option_id__in=wanted).delete()
    for option_id, percentage in wanted.items():
        if row := present.get(option_id):
            Allocation.objects.filter(pk=row.pk).update(percentage=percentage)
        else:
            Allocation.objects.create(feature_state=state, option_id=option_id, percentage=percentage)


def _check(state: FeatureState, shares: Sequence[Share]) -> None:
    if exceeds_everybody(share.percentage for share in shares):
        raise Refused("Multivariate percentage values exceed 100%.")
    named = [share.option_id for share in shares]
    if len(set(named)) < len(named):
        raise Refused("Each option can be given only once.", _FIELD)
    known = set(MultivariateOption.objects.filter(feature_id=state.feature_id).values_list("pk", flat=True))
    if unknown := sorted(set(named) - known):
        raise Refused(f'Invalid pk "{unknown[0]}" - object does not exist.', _FIELD)
