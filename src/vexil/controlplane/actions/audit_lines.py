"""What a line of the audit log is made of, before it is written."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from vexil.controlplane.db.models import ChangeType

Facts = dict[str, Any]
"""What an event tells of its subject, before or after."""


@dataclass(slots=True)
class Line:
    log: str
    type: str
    id: int
    change: ChangeType
    environment_id: int | None = None
    """None: the event's own, if it has one."""
    uuid: UUID | None = None
    details: list[dict[str, Any]] = field(default_factory=list)
    before: Facts | None = None
    after: Facts | None = None
    """A feature state, or a published version. Only one line of a change has it, so that webhooks hear of it once."""


def changed_fields(before: Facts | None, after: Facts | None) -> list[dict[str, Any]]:
    """What is different afterwards; fields that `after` does not mention have not been touched."""
    old = before or {}
    return [
        {"field": name, "old": old.get(name), "new": new} for name, new in (after or {}).items() if old.get(name) != new
    ]
