"""Small pieces for the engine's tests: subjects, and conditions and rules as a snapshot holds them."""

from vexil.engine import Subject, compile_segment
from vexil.wire.snapshot import Condition, Rule


def make_subject(
    *, identifier: str = "alice", key: str | None = None, environment_name: str = "Production", **traits: object
) -> Subject:
    return Subject(
        identifier=identifier,
        key=f"env_{identifier}" if key is None else key,
        traits=traits,
        environment_key="env",
        environment_name=environment_name,
    )


def condition_matches(operator: str, value: object, trait: object) -> bool:
    """Whether a condition on a trait matches a subject with that trait (None: without it)."""
    condition = Condition(operator=operator, property="trait", value=value)  # type: ignore[arg-type]
    return compile_segment("7", [Rule("ALL", [condition])])(make_subject(trait=trait))
