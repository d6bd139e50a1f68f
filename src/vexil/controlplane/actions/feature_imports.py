"""What a file of features does to an environment. Other environments and the features themselves stay as they are."""

import json
from dataclasses import dataclass
from typing import Any

from vexil.controlplane.actions import feature_segments, feature_states, features, multivariate, values, versions
from vexil.controlplane.actions.allocations import Share
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.values import INTEGER_MAX, INTEGER_MIN, ValueColumns
from vexil.controlplane.actions.version_states import StateOfVersion
from vexil.controlplane.actions.versions import NewVersion
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState, MultivariateOption
from vexil.controlplane.db.models.feature_files import ImportStrategy
from vexil.controlplane.db.models.features import ValueType
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_states as queries
from vexil.wire.snapshot import FlagValue

_KINDS: dict[str, type] = {ValueType.INTEGER: int, ValueType.STRING: str, ValueType.BOOLEAN: bool}


class UnfitFile(Exception):
    """The file is not what an export writes; says where."""


@dataclass(frozen=True, slots=True)
class _Option:
    value: ValueColumns
    percentage: float
    default_percentage: float


@dataclass(frozen=True, slots=True)
class _Item:
    name: str
    default_enabled: bool
    is_server_key_only: bool
    initial_value: str | None
    enabled: bool
    value: ValueColumns
    options: list[_Option]


def apply(environment: Environment, content: str, *, strategy: str, by: Actor) -> None:
    """Do it within the caller's transaction. Raise `UnfitFile`, or what the actions raise that it calls."""
    items = _items(content)
    lock_project(environment.project)
    named = {feature.name.lower(): feature for feature in Feature.live.filter(project=environment.project)}
    for item in items:
        feature = named.get(item.name.lower())
        if feature is not None and strategy == ImportStrategy.SKIP:
            continue
        if feature is None:
            feature = named[item.name.lower()] = _create(environment, item, by=by)
        _overwrite(environment, feature, item, by=by)


def _create(environment: Environment, item: _Item, *, by: Actor) -> Feature:
    options = [OptionFields(value=option.value, percentage=option.default_percentage) for option in item.options]
    new = NewFeature(
        name=item.name,
        default_enabled=item.default_enabled,
        is_server_key_only=item.is_server_key_only,
        initial_value=item.initial_value,
        options=options,
    )
    return features.create(environment.project, new, by=by)


def _overwrite(environment: Environment, feature: Feature, item: _Item, *, by: Actor) -> None:
    """Make the state for everybody what the file says; overrides go."""
    shares = _shares(feature, item, by=by)
    change = Change(enabled=item.enabled, value=item.value, shares=shares)
    overrides = queries.complete().filter(environment=environment, feature=feature, identity_id__isnull=False)
    for override in overrides.order_by("pk"):
        feature_states.delete(override, by=by)
    links = FeatureSegment.current.filter(environment=environment, feature=feature).order_by("pk")
    if environment.use_v2_feature_versioning:
        gone = list(links.values_list("segment_id", flat=True).distinct())
        new = NewVersion(to_update=[StateOfVersion(change)], segments_to_leave=gone, publish_immediately=True)
        versions.create(environment, feature, new, by=by)
        return
    for link in links.select_related("environment__project", "feature"):
        feature_segments.delete(link, by=by)
    state = queries.default(environment, feature)
    if state is None:
        feature_states.create(environment, feature, change, by=by)
    else:
        feature_states.update(state, change, by=by)


def _shares(feature: Feature, item: _Item, *, by: Actor) -> list[Share]:
    """One for each option, those that are missing made; what the file does not name gets nothing."""
    present = list(MultivariateOption.objects.filter(feature=feature).order_by("pk"))
    percentages = {option.pk: 0.0 for option in present}
    for wanted in item.options:
        option = next((row for row in present if _is_same(row, wanted.value)), None)
        if option is None:
            option = _add_option(feature, wanted, by=by)
            present.append(option)
        percentages[option.pk] = wanted.percentage
    return [Share(option_id, percentage) for option_id, percentage in percentages.items()]


def _add_option(feature: Feature, wanted: _Option, *, by: Actor) -> MultivariateOption:
    """It counts in no environment until its share is written; as default it gets what fits beside the others."""
    option = multivariate.create(feature, OptionFields(value=wanted.value, percentage=0.0), by=by)
    others = MultivariateOption.objects.filter(feature=feature).values_list("default_percentage_allocation", flat=True)
    if wanted.default_percentage and sum(others) + wanted.default_percentage <= 100:
        option = multivariate.update(option, OptionFields(percentage=wanted.default_percentage), by=by)
    return option


def _is_same(option: MultivariateOption, wanted: ValueColumns) -> bool:
    return option.type == wanted["type"] and option.value == _native(wanted)


def _native(columns: ValueColumns) -> Any:
    return FeatureState(**columns).value


def _items(content: str) -> list[_Item]:
    try:
        entries = json.loads(content)
    except ValueError as error:
        raise UnfitFile(f"The file is no JSON: {error}") from None
    if not isinstance(entries, list):
        raise UnfitFile("The file is no list of features.")
    return [_item(number, entry) for number, entry in enumerate(entries, 1)]


def _item(number: int, entry: Any) -> _Item:
    try:
        return _Item(
            name=_name(entry["name"]),
            default_enabled=bool(entry["default_enabled"]),
            is_server_key_only=bool(entry["is_server_key_only"]),
            initial_value=_text(entry["initial_value"]),
            enabled=bool(entry["enabled"]),
            value=_value(entry),
            options=[_option(option) for option in entry["multivariate"]],
        )
    except KeyError as error:
        raise UnfitFile(f"Entry {number} has no {error}.") from None
    except (TypeError, ValueError) as error:
        raise UnfitFile(f"Entry {number} cannot be read: {error}") from None


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name or len(name) > 2000:
        raise ValueError("a name is a text of up to 2,000 characters")
    return _text(name) or ""


def _text(value: Any) -> str | None:
    text = None if value is None else str(value)
    if text and "\0" in text:
        raise ValueError("a text holds no NUL character")
    return text


def _option(entry: Any) -> _Option:
    percentages = (float(entry["percentage_allocation"]), float(entry["default_percentage_allocation"]))
    if not all(0 <= percentage <= 100 for percentage in percentages):
        raise ValueError("a percentage is a number from 0 to 100")
    return _Option(_value(entry), *percentages)


def _value(entry: Any) -> ValueColumns:
    kind: str = entry["type"]
    value: FlagValue = entry["value"]
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no type; there are {', '.join(_KINDS)}")
    if value is not None and type(value) is not _KINDS[kind]:
        raise ValueError(f"the value {value!r} is not of type {kind}")
    if isinstance(value, str):
        _text(value)
    if isinstance(value, int) and not INTEGER_MIN <= value <= INTEGER_MAX:
        raise ValueError(f"{value} is out of range")
    return {**values.of_native(value), "type": kind}
