"""Audit lines of v2 versions."""

from uuid import UUID

from vexil.controlplane.actions.audit_lines import Line
from vexil.controlplane.db.models import ChangeType, Event, Feature


def version_published(event: Event) -> list[Line]:
    feature = Feature.objects.get(pk=event.after["feature_id"])
    log = f"New version published for feature: {feature.name}"
    return [Line(log, "EF_VERSION", feature.pk, ChangeType.UPDATE, uuid=UUID(event.subject_id), after=event.after)]
