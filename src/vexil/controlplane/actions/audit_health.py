"""What the audit log says of the health of features."""

from vexil.controlplane.actions.audit_lines import Line
from vexil.controlplane.db.models import ChangeType, Event

_TYPE = "FEATURE_HEALTH"


def provider_created(event: Event) -> list[Line]:
    return [Line(f"Health provider added: {event.after['name']}", _TYPE, int(event.subject_id), ChangeType.CREATE)]


def provider_deleted(event: Event) -> list[Line]:
    return [Line(f"Health provider removed: {event.before['name']}", _TYPE, int(event.subject_id), ChangeType.DELETE)]


def health_changed(event: Event) -> list[Line]:
    told = event.after
    log = f"Feature {told['name']} is {told['status'].lower()}, says {told['provider']}"
    if event.user_id or event.master_api_key_prefix:
        log = f"Health of feature {told['name']} dismissed, of which {told['provider']} had told"
    return [Line(log, _TYPE, int(event.subject_id), ChangeType.UPDATE)]
