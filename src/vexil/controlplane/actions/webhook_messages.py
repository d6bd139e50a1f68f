"""The messages that a line of the audit log is to webhooks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import msgspec

from vexil.controlplane.db.models import AuditRecord
from vexil.controlplane.queries import audit_items, flag_states

FLAG_UPDATED = "FLAG_UPDATED"
FLAG_DELETED = "FLAG_DELETED"
NEW_VERSION_PUBLISHED = "NEW_VERSION_PUBLISHED"
AUDIT_LOG_CREATED = "AUDIT_LOG_CREATED"


@dataclass(frozen=True, slots=True)
class Message:
    event_type: str
    body: str
    for_environments: bool = True
    for_organisations: bool = True
    """Whose webhooks get it."""


def body_of(event_type: str, data: Any) -> str:
    """JSON with sorted keys, so that the same message is always the same text."""
    return msgspec.json.encode({"event_type": event_type, "data": data}, order="sorted").decode()


def of_records(records: Iterable[AuditRecord]) -> dict[int, list[Message]]:
    """By record: what happened to a flag, if that is what it tells of, and the line itself."""
    rows = list(records)
    flags = [row for row in rows if row.state_before or row.state_after]
    known = flag_states.names(flags)
    found = {row.pk: [_of_flag(row, known)] for row in flags if row.environment_id in known.environments}
    for row, item in zip(rows, audit_items.items(rows), strict=True):
        line = Message(AUDIT_LOG_CREATED, body_of(AUDIT_LOG_CREATED, item), for_environments=False)
        found.setdefault(row.pk, []).append(line)
    return found


def _of_flag(row: AuditRecord, known: flag_states.Names) -> Message:
    if row.related_object_type == "EF_VERSION":
        body = body_of(NEW_VERSION_PUBLISHED, flag_states.version_json(row, known))
        return Message(NEW_VERSION_PUBLISHED, body, for_organisations=False)
    data: dict[str, Any] = {
        "changed_by": known.authors[row.pk],
        "timestamp": row.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "new_state": flag_states.state_json(row, row.state_after, known) if row.state_after else None,
    }
    if row.state_before:
        data["previous_state"] = flag_states.state_json(row, row.state_before, known)
    event_type = FLAG_UPDATED if row.state_after else FLAG_DELETED
    return Message(event_type, body_of(event_type, data))


def example() -> str:
    """What somebody gets who tries a URL before a webhook is made of it."""
    state: dict[str, Any] = {
        "feature": {
            "id": 1,
            "created_date": "2026-01-01T00:00:00.000000Z",
            "default_enabled": False,
            "description": "An example",
            "initial_value": None,
            "name": "example_feature",
            "project": {"id": 1, "name": "Example project"},
            "type": "STANDARD",
        },
        "environment": {"id": 1, "name": "Example environment"},
        "identity": None,
        "identity_identifier": None,
        "feature_segment": None,
        "enabled": True,
        "feature_state_value": "example value",
        "multivariate_feature_state_values": [],
    }
    data = {"changed_by": "someone@example.com", "timestamp": "2026-01-01T00:00:00.000000Z", "new_state": state}
    return body_of(FLAG_UPDATED, {**data, "previous_state": {**state, "enabled": False}})
