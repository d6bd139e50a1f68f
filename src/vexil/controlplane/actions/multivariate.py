"""The values that a feature can take, and their shares in its environments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from vexil.controlplane.actions import events, values
from vexil.controlplane.actions.allocations import exceeds_everybody
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.publishing import publish_project
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.actions.values import ValueColumns
from vexil.controlplane.db.models import Allocation, Feature, FeatureState, MultivariateOption
from vexil.controlplane.db.models.features import FeatureType
from vexil.controlplane.permissions import Actor

CONTROL = "control"
"""The name of "no option" in evaluation results, so no option can have it."""

_PERCENTAGE = "default_percentage_allocation"


@dataclass(frozen=True, slots=True)
class OptionFields:
    """An option to create, or (with `id`) to change; None leaves a field as it is or at its default."""

    id: int | None = None
    value: ValueColumns | None = None
    percentage: float | None = None
    key: str | None = None
    sets_key: bool = False
    """Whether `key` is given at all, since it may be set to None."""


@transaction.atomic
def create(feature: Feature, fields: OptionFields, *, by: Actor) -> MultivariateOption:
    """A new option; each environment's state for everybody gets its share, and the feature becomes MULTIVARIATE."""
    lock_project(feature.project)
    option = _insert(feature, fields)
    _check_siblings(feature, _PERCENTAGE)
    _check_environments(feature, _PERCENTAGE)
    events.record(by, "option.created", option.pk, scope=feature.project, after=facts(option))
    publish_project(feature.project)
    return option


@transaction.atomic
def update(option: MultivariateOption, fields: OptionFields, *, by: Actor) -> MultivariateOption:
    """The option as it is afterwards. Shares in environments stay as they are."""
    lock_project(option.feature.project)
    option = MultivariateOption.objects.select_related("feature__project").get(pk=option.pk)
    before = facts(option)
    _write(option, fields)
    _check_siblings(option.feature, _PERCENTAGE)
    project = option.feature.project
    events.record(by, "option.updated", option.pk, scope=project, before=before, after=facts(option))
    publish_project(project)
    return option


@transaction.atomic
def delete(option: MultivariateOption, *, by: Actor) -> None:
    """Without its last option a feature is STANDARD again."""
    feature = option.feature
    lock_project(feature.project)
    events.record(by, "option.deleted", option.pk, scope=feature.project, before=facts(option))
    option.delete()
    if not feature.multivariate_options.exists():
        Feature.objects.filter(pk=feature.pk).update(type=FeatureType.STANDARD)
    publish_project(feature.project)


def replace_all(feature: Feature, wanted: Sequence[OptionFields]) -> None:
    """Give a feature exactly these options. Rows alone: the caller holds the project's lock, records and publishes."""
    present = {option.pk: option for option in feature.multivariate_options.all()}
    feature.multivariate_options.exclude(pk__in=[fields.id for fields in wanted if fields.id is not None]).delete()
    for fields in wanted:
        option = present.get(fields.id) if fields.id is not None else None
        if option is None:
            _insert(feature, fields)
        else:
            _write(option, fields)
    _check_siblings(feature, "multivariate_options")
    _check_environments(feature, "multivariate_options")


def facts(option: MultivariateOption) -> dict[str, Any]:
    return {
        "feature_id": option.feature_id,
        "value": option.value,
        "default_percentage_allocation": option.default_percentage_allocation,
        "key": option.key,
    }


def _insert(feature: Feature, fields: OptionFields) -> MultivariateOption:
    option = MultivariateOption(feature=feature)
    _write(option, fields)
    Allocation.objects.bulk_create(
        Allocation(feature_state=state, option=option, percentage=option.default_percentage_allocation)
        for state in _defaults(feature)
    )
    Feature.objects.filter(pk=feature.pk).update(type=FeatureType.MULTIVARIATE)
    return option


def _write(option: MultivariateOption, fields: OptionFields) -> None:
    values.write(option, fields.value or {})
    if fields.percentage is not None:
        option.default_percentage_allocation = fields.percentage
    if fields.sets_key:
        _check_key(option, fields.key)
        option.key = fields.key
    option.save()


def _check_key(option: MultivariateOption, key: str | None) -> None:
    if key is not None and key.lower() == CONTROL:
        raise Refused(f'"{key}" is a reserved variant key.', "key")
    siblings = MultivariateOption.objects.filter(feature_id=option.feature_id).exclude(pk=option.pk)
    if key is not None and siblings.filter(key=key).exists():
        raise Refused("Multivariate option with this key already exists for the feature.", "key")


def _check_siblings(feature: Feature, field: str) -> None:
    options = MultivariateOption.objects.filter(feature=feature)
    if exceeds_everybody(options.values_list(_PERCENTAGE, flat=True)):
        raise Refused("Invalid percentage allocation", field)


def _check_environments(feature: Feature, field: str) -> None:
    for state in _defaults(feature).prefetch_related("allocations"):
        if exceeds_everybody(share.percentage for share in state.allocations.all()):
            raise Refused("Invalid percentage allocation", field)


def _defaults(feature: Feature) -> QuerySet[FeatureState]:
    """The default states that count, or may one day: not those of versions that are over."""
    now_or_later = Q(feature_version=None) | Q(feature_version__is_current=True) | Q(feature_version__went_live_at=None)
    states = FeatureState.live.filter(now_or_later, feature=feature, feature_segment=None, identity_id=None)
    return states.filter(environment__deleted_at=None).order_by("pk")
