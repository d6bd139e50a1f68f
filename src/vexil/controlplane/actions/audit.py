"""The lines of the audit log that an event calls for, in the words that clients and webhooks know.

One table says which function tells of which kind of event; what it does not name is not audited.
"""

from collections.abc import Callable

from vexil.controlplane.actions.audit_features import (
    feature_created,
    feature_deleted,
    feature_updated,
    option_created,
    option_deleted,
    option_updated,
    overrides_reordered,
)
from vexil.controlplane.actions.audit_health import health_changed, provider_created, provider_deleted
from vexil.controlplane.actions.audit_lines import Line, changed_fields
from vexil.controlplane.actions.audit_states import (
    feature_updated_in_environment,
    override_created,
    override_deleted,
    overrides_copied,
    overrides_gone,
    state_created,
    state_deleted,
    state_updated,
)
from vexil.controlplane.actions.audit_versions import version_published
from vexil.controlplane.db.models import AuditRecord, ChangeType, Environment, Event, FeatureState, Segment


def write(event: Event) -> None:
    """Write down the event's lines; they are part of its transaction."""
    tell = TELLERS.get(event.kind)
    if tell is None:
        return
    AuditRecord.objects.bulk_create(
        AuditRecord(
            event=event,
            created_at=event.created_at,
            organisation_id=event.organisation_id,
            project_id=event.project_id,
            environment_id=line.environment_id or event.environment_id,
            user_id=event.user_id,
            log=line.log,
            related_object_type=line.type,
            related_object_id=line.id,
            related_object_uuid=line.uuid,
            change_type=line.change,
            change_details=line.details,
            state_before=line.before,
            state_after=line.after,
        )
        for line in tell(event)
    )


def _segment_created(event: Event) -> list[Line]:
    return [Line(f"New Segment created: {event.after['name']}", "SEGMENT", int(event.subject_id), ChangeType.CREATE)]


def _segment_updated(event: Event) -> list[Line]:
    log = f"Segment updated: {event.after['name']}"
    details = changed_fields(event.before, event.after)
    return [Line(log, "SEGMENT", int(event.subject_id), ChangeType.UPDATE, details=details)]


def _segment_deleted(event: Event) -> list[Line]:
    """The segment's own line, and one for each of its overrides."""
    segment = Segment.objects.get(pk=event.subject_id)
    # compat: the one deletion whose change type is not known, and the one line with a uuid.
    lines = [Line(f"Segment deleted: {segment.name}", "SEGMENT", segment.pk, ChangeType.UNKNOWN, uuid=segment.uuid)]
    states = FeatureState.current.filter(feature_segment__segment=segment, feature_segment__deleted_at=None)
    return lines + overrides_gone(states)


def _environment_line(event: Event, text: str, change: ChangeType) -> Line:
    name = Environment.objects.values_list("name", flat=True).get(pk=event.subject_id)
    return Line(f"{text}: {name}", "ENVIRONMENT", int(event.subject_id), change)


def _environment_created(event: Event) -> list[Line]:
    return [_environment_line(event, "New Environment created", ChangeType.CREATE)]


def _environment_updated(event: Event) -> list[Line]:
    line = _environment_line(event, "Environment updated", ChangeType.UPDATE)
    line.details = changed_fields(event.before, event.after)
    return [line]


def _environment_deleted(event: Event) -> list[Line]:
    return [_environment_line(event, "Environment deleted", ChangeType.DELETE)]


def _launch_darkly_import_requested(event: Event) -> list[Line]:
    return [Line("New LaunchDarkly import requested", "IMPORT_REQUEST", int(event.subject_id), ChangeType.CREATE)]


def _launch_darkly_import_ended(event: Event) -> list[Line]:
    log = f"LaunchDarkly import {_IMPORT_ENDS[event.after['result']]}"
    details = changed_fields(event.before, event.after)
    return [Line(log, "IMPORT_REQUEST", int(event.subject_id), ChangeType.UPDATE, details=details)]


_IMPORT_ENDS = {"success": "completed successfully", "incomplete": "completed with gaps", "failure": "failed"}


TELLERS: dict[str, Callable[[Event], list[Line]]] = {
    "feature.created": feature_created,
    "feature.updated": feature_updated,
    "feature.owners_changed": feature_updated,
    "feature.deleted": feature_deleted,
    "feature.health_changed": health_changed,
    "health_provider.created": provider_created,
    "health_provider.deleted": provider_deleted,
    "option.created": option_created,
    "option.updated": option_updated,
    "option.deleted": option_deleted,
    "feature_state.created": state_created,
    "feature_state.updated": state_updated,
    "feature_state.deleted": state_deleted,
    "feature.updated_in_environment": feature_updated_in_environment,
    "identity.overrides_copied": overrides_copied,
    "segment_override.created": override_created,
    "segment_override.deleted": override_deleted,
    "segment_override.reordered": overrides_reordered,
    "segment.created": _segment_created,
    "segment.updated": _segment_updated,
    "segment.deleted": _segment_deleted,
    "environment.created": _environment_created,
    "environment.updated": _environment_updated,
    "environment.versioning_enabled": _environment_updated,
    "environment.versioning_disabled": _environment_updated,
    "environment.deleted": _environment_deleted,
    "version.published": version_published,
    "launch_darkly_import.requested": _launch_darkly_import_requested,
    "launch_darkly_import.ended": _launch_darkly_import_ended,
}

TOLD_WITHOUT_ACTOR = {"feature.health_changed"}
"""What the audit log tells although nobody here did it: an outside service did."""
