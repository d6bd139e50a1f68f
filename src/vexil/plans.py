"""What each plan of an organisation includes; read from `VEXIL_PLANS`, and heeded only where billing is on."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

FREE = "free"
_NUMBERS = {
    "max_api_calls",
    "max_seats",
    "max_projects",
    "audit_log_visibility_days",
    "feature_history_visibility_days",
}
_REQUIRED = {"max_api_calls", "max_seats"}
_NUMBER_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of a plan; None is none."""

    name: str
    max_api_calls: int
    """In 30 days; of a paid plan in a month of its term."""
    max_seats: int
    max_projects: int | None = None
    audit_log_visibility_days: int | None = None
    feature_history_visibility_days: int | None = None

    @property
    def is_paid(self) -> bool:
        """A paid plan is never blocked: what is beyond its allowance is charged."""
        return self.name != FREE


@dataclass(frozen=True, slots=True)
class Plans:
    """Those that there are."""

    listed: tuple[Plan, ...]

    def find(self, name: str) -> Plan | None:
        return next((plan for plan in self.listed if plan.name == name), None)

    def __str__(self) -> str:
        """As `parse` takes it."""
        return json.dumps({plan.name: _limits(plan) for plan in self.listed})


DEFAULTS = Plans(
    (
        Plan(FREE, 50_000, 1, 1, audit_log_visibility_days=0, feature_history_visibility_days=7),
        Plan("startup", 1_000_000, 3, audit_log_visibility_days=30, feature_history_visibility_days=30),
        Plan("scale-up", 5_000_000, 20, audit_log_visibility_days=90, feature_history_visibility_days=90),
        Plan("enterprise", 5_000_000, 1_000),
    )
)


def parse(text: str) -> Plans:
    """`{"<plan>": {"max_api_calls": …, "max_seats": …}}`, laid over the defaults; `null` lifts a limit."""
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(limits, dict) for limits in given.values()):
        raise ValueError("a JSON object of plans, each an object of limits")
    found = {plan.name: plan for plan in DEFAULTS.listed}
    for name, limits in given.items():
        _check(name, limits, is_new=name not in found)
        found[name] = replace(found[name], **limits) if name in found else Plan(name=name, **limits)
    return Plans(tuple(found.values()))


def _limits(plan: Plan) -> dict[str, int]:
    limits = {field.name: getattr(plan, field.name) for field in fields(plan) if field.name != "name"}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _check(name: str, limits: dict[str, Any], *, is_new: bool) -> None:
    unknown = limits.keys() - _NUMBERS
    if unknown or not name or len(name) > 100:
        raise ValueError(
            f"plans with {', '.join(sorted(_NUMBERS))}; of {name!r} it does not know {', '.join(sorted(unknown))}"
        )
    if is_new and not limits.keys() >= _REQUIRED:
        raise ValueError(f"new plans with {' and '.join(sorted(_REQUIRED))}, which {name!r} lacks")
    for key, value in limits.items():
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _NUMBER_MAX
        if not (is_number or (value is None and key not in _REQUIRED)):
            raise ValueError(f"whole numbers from 0 to {_NUMBER_MAX} as limits; {key} of plan {name!r} is none")
