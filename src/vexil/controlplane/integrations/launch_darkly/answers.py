"""What LaunchDarkly answers, as far as we read it."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

USER = "user"
"""The kind of context that our identities are."""

WHOLE = 100_000
"""Weights are thousandths of a percent."""

T = TypeVar("T")


class UnfitAnswer(ValueError):
    """The answer has another shape than LaunchDarkly describes; says where."""


class Clause(Struct, rename="camel"):
    attribute: str = ""
    op: str = ""
    values: list[Any] = []
    negate: bool = False
    context_kind: str = USER


class Weight(Struct, rename="camel"):
    variation: int
    weight: int


class Rollout(Struct, rename="camel"):
    variations: list[Weight] = []
    bucket_by: str = "key"
    context_kind: str = USER


class Outcome(Struct, rename="camel"):
    """One variation for all, or shares of several."""

    variation: int | None = None
    rollout: Rollout | None = None


class Rule(Outcome, rename="camel"):
    clauses: list[Clause] = []
    description: str = ""


class Target(Struct, rename="camel"):
    variation: int
    values: list[str] = []
    context_kind: str = USER


class Prerequisite(Struct, rename="camel"):
    key: str


class Settings(Struct, rename="camel"):
    """A flag in one environment."""

    on: bool = False
    off_variation: int | None = None
    fallthrough: Outcome = field(default_factory=Outcome)
    targets: list[Target] = []
    context_targets: list[Target] = []
    rules: list[Rule] = []
    prerequisites: list[Prerequisite] = []


class Variation(Struct, rename="camel"):
    value: Any = None


class Availability(Struct, rename="camel"):
    using_mobile_key: bool = False
    using_environment_id: bool = False


class Defaults(Struct, rename="camel"):
    off_variation: int | None = None


class Flag(Struct, rename="camel"):
    key: str
    name: str = ""
    kind: str = "boolean"
    description: str = ""
    variations: list[Variation] = []
    archived: bool = False
    deprecated: bool = False
    tags: list[str] = []
    client_side_availability: Availability | None = None
    defaults: Defaults | None = None
    environments: dict[str, Settings] = {}


class SegmentRule(Struct, rename="camel"):
    clauses: list[Clause] = []
    weight: int | None = None
    bucket_by: str = "key"


class Contexts(Struct, rename="camel"):
    values: list[str] = []
    context_kind: str = USER


class Segment(Struct, rename="camel"):
    key: str
    name: str = ""
    description: str = ""
    included: list[str] = []
    excluded: list[str] = []
    included_contexts: list[Contexts] = []
    excluded_contexts: list[Contexts] = []
    rules: list[SegmentRule] = []
    unbounded: bool = False
    deleted: bool = False


class Environment(Struct, rename="camel"):
    key: str
    name: str


def read(item: Any, kind: type[T]) -> T:
    """Raise `UnfitAnswer` where it has another shape."""
    try:
        return msgspec.convert(_without_nulls(item), kind)
    except msgspec.ValidationError as error:
        raise UnfitAnswer(str(error)) from None


def _without_nulls(item: Any) -> Any:
    """Null stands for "not given"; only within values it means itself."""
    if isinstance(item, dict):
        return {key: part if key == "value" else _without_nulls(part) for key, part in item.items() if part is not None}
    return [_without_nulls(part) for part in item] if isinstance(item, list) else item
