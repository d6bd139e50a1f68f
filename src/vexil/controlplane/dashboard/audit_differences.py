"""What a record of the audit log says was before and is after, field by field, in words."""

import json
from dataclasses import dataclass
from typing import Any

from vexil.controlplane.db.models import AuditRecord

_REFERENCES = {"feature_id", "feature_segment_id", "identity_id"}
_NAMES = {
    "allocations": "Weights of variations",
    "identifier": "Identity",
    "is_archived": "Archived",
    "is_server_key_only": "Server-side only",
    "default_enabled": "Enabled in new environments",
    "initial_value": "Value in new environments",
}
_WORDS = {True: "on", False: "off"}


@dataclass(frozen=True, slots=True)
class Difference:
    """None stands for what was or is not there."""

    field: str
    old: str | None
    new: str | None


def of(record: AuditRecord) -> list[Difference]:
    """The fields that changed; of what was made or deleted, all that it held."""
    changes = record.change_details or _changes(record.state_before or {}, record.state_after or {})
    told = [
        Difference(_name(change["field"]), _text(change.get("old")), _text(change.get("new"))) for change in changes
    ]
    return [part for part in told if part.old != part.new]


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    names = [name for name in {**before, **after} if name not in _REFERENCES]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [{"field": name, "old": old, "new": new} for name, old, new in pairs if old != new]


def _name(field: str) -> str:
    return _NAMES.get(field) or field.replace("_", " ").capitalize()


def _text(value: Any) -> str | None:
    if value is None or value in ({}, []):
        return None
    if isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
