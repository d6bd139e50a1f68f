"""Small snapshots for tests of the data plane; each test says only what it is about."""

from typing import Any

from vexil.wire import snapshot as wire
from vexil.wire.snapshot import Feature, IdentityOverrides, Link, Option, Rule, Segment, Snapshot, State

CLIENT_KEY = "cKeyForTestsOnly2345678"
SERVER_KEY = "ser.sKeyForTestsOnly234567"
CREATED = "2024-05-01T10:00:00.000001+00:00"
UPDATED = "2024-06-01T12:00:00.250000+00:00"


def feature(number: int, name: str, **changes: Any) -> Feature:
    return Feature(**{"id": number, "name": name, "type": "STANDARD", "created_date": CREATED, **changes})


def multivariate(number: int, name: str, *options: Option) -> Feature:
    return feature(number, name, type="MULTIVARIATE", options=list(options))


def state(number: int, feature_id: int, value: wire.FlagValue = None, **changes: Any) -> State:
    settings = {"uuid": f"00000000-0000-4000-8000-{number:012d}", "enabled": True, "seed": str(number), **changes}
    return State(id=number, feature_id=feature_id, value=value, **settings)


def override(number: int, feature_id: int, value: wire.FlagValue, *, link: int, priority: int | None) -> State:
    return state(number, feature_id, value, link=Link(id=link, priority=priority))


def segment(number: int, *overrides: State, operator: str = "EQUAL", prop: str = "plan", value: str = "pro") -> Segment:
    condition = wire.Condition(operator=operator, property=prop, value=value)
    rules = [Rule(type="ALL", rules=[Rule(type="ANY", conditions=[condition])])]
    return Segment(id=number, name=f"segment {number}", rules=rules, overrides=list(overrides))


def identity(number: int, identifier: str, *states: State) -> IdentityOverrides:
    return IdentityOverrides(identity_id=number, identifier=identifier, created_date=CREATED, states=states)


def snapshot(
    *,
    version: int = 1,
    environment: dict[str, Any] | None = None,
    project: dict[str, Any] | None = None,
    organisation: dict[str, Any] | None = None,
    **parts: Any,
) -> Snapshot:
    return Snapshot(
        version=version,
        organisation=wire.Organisation(**{"id": 1, "name": "Acme", **(organisation or {})}),
        project=wire.Project(**{"id": 2, "name": "Shop", **(project or {})}),
        environment=wire.Environment(
            **{"id": 3, "name": "Production", "api_key": CLIENT_KEY, "updated_at": UPDATED, **(environment or {})}
        ),
        **parts,
    )
