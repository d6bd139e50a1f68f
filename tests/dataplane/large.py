"""An environment at its limits."""

from tests.dataplane.snapshots import feature, identity, snapshot, state
from vexil.wire.snapshot import Condition, Link, Rule, Segment, Snapshot

FEATURES, SEGMENTS, CONDITIONS, OVERRIDES_EACH, IDENTITIES = 1000, 500, 20, 4, 50_000


def large(version: int, updated_at: str) -> Snapshot:
    """Whoever has `level` N or more of at most 500 is in the segments up to N."""
    features = [feature(number, f"feature_{number}") for number in range(1, FEATURES + 1)]
    return snapshot(
        version=version,
        environment={"updated_at": updated_at},
        features=features,
        defaults=[state(number, number, f"default of version {version}") for number in range(1, FEATURES + 1)],
        segments=[segment(number) for number in range(1, SEGMENTS + 1)],
        identity_overrides=[
            identity(number, f"user-{number}", state(100_000 + number, 1 + number % FEATURES, "own"))
            for number in range(1, IDENTITIES + 1)
        ],
    )


def segment(number: int) -> Segment:
    never = [Condition(operator="EQUAL", property=f"trait_{n}", value="never") for n in range(CONDITIONS - 1)]
    decides = Condition(operator="GREATER_THAN_INCLUSIVE", property="level", value=str(number))
    first = (number - 1) * OVERRIDES_EACH
    overrides = [
        state(10_000 + first + n, 1 + (first + n) % FEATURES, f"segment {number}", link=Link(first + n + 1, number))
        for n in range(OVERRIDES_EACH)
    ]
    return Segment(
        id=number,
        name=f"segment_{number}",
        rules=[Rule(type="ALL", rules=[Rule(type="ANY", conditions=[*never, decides])])],
        overrides=overrides,
    )
