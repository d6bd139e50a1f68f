"""Lines of the audit log as integrations are told of them."""

from collections.abc import Sequence
from typing import Any

from vexil.controlplane.db.models import AuditRecord, ChangeType, Feature, FeatureState, Segment
from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.queries import audit, flag_states

KINDS = frozenset({"FEATURE", "FEATURE_STATE", "SEGMENT", "EF_VERSION"})
_ACTIONS = {ChangeType.CREATE: "created", ChangeType.DELETE: "deleted"}


def of_records(records: Sequence[AuditRecord]) -> dict[int, Change]:
    """By record. A dozen statements, whatever their number."""
    rows = [row for row in records if row.related_object_type in KINDS]
    if not rows:
        return {}
    around, authors = audit.surroundings(rows), flag_states.authors(rows)
    features, segments = _features(rows), Segment.objects.in_bulk(_ids(rows, "SEGMENT"))
    found = {}
    for row in rows:
        feature, segment = features.get(row.pk), segments.get(row.related_object_id or 0)
        project = around.projects.get(row.project_id or 0)
        environment = around.environments.get(row.environment_id or 0)
        facts = row.state_after or {}
        found[row.pk] = Change(
            id=row.pk,
            log=row.log,
            kind=row.related_object_type,
            action=_action(row),
            happened_at=row.created_at.isoformat(),
            author=authors[row.pk] or "unknown",
            project=project.name if project else "",
            environment=environment.name if environment else None,
            feature=feature.name if feature else None,
            segment=segment.name if segment and row.related_object_type == "SEGMENT" else None,
            enabled=facts.get("enabled"),
            tags=sorted(tag.label for tag in feature.tags.all()) if feature else [],
        )
    return found


def _features(rows: Sequence[AuditRecord]) -> dict[int, Feature]:
    """By record: the feature that it is about."""
    states = FeatureState.objects.in_bulk(_ids(rows, "FEATURE_STATE"))
    of_states = {row.pk: states[row.related_object_id or 0].feature_id for row in rows if _is_of(row, states)}
    direct = ("FEATURE", "EF_VERSION")
    ids = of_states | {row.pk: row.related_object_id or 0 for row in rows if row.related_object_type in direct}
    features = Feature.objects.prefetch_related("tags").in_bulk(set(ids.values()))
    return {pk: features[feature_id] for pk, feature_id in ids.items() if feature_id in features}


def _is_of(row: AuditRecord, states: dict[int, Any]) -> bool:
    return row.related_object_type == "FEATURE_STATE" and row.related_object_id in states


def _ids(rows: Sequence[AuditRecord], kind: str) -> set[int]:
    return {row.related_object_id or 0 for row in rows if row.related_object_type == kind}


def _action(row: AuditRecord) -> str:
    facts = row.state_after or row.state_before or {}
    if facts.get("feature_segment_id") or facts.get("identity_id"):
        return "updated"
    return _ACTIONS.get(ChangeType(row.change_type), "updated")
