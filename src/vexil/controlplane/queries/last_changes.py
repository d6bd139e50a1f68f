"""Who changed something last, to be told to those who were about to change it, too."""

from datetime import datetime

from vexil.controlplane.db.models import AuditRecord, Environment, Feature, FeatureState, User
from vexil.controlplane.queries import versions

Change = tuple[str | None, datetime | None]
"""Somebody's name (None: no person, or nobody known) and a time."""


def of_default(environment: Environment, feature: Feature, state: FeatureState | None) -> Change:
    """Two statements at most."""
    if environment.use_v2_feature_versioning:
        version = versions.current(environment, feature)
        person = version.published_by if version else None
        return (person.shown_name if person else None), (version.live_from if version else None)
    if state is None:
        return None, None
    return _of_record("FEATURE_STATE", state.pk)


def of_feature(feature: Feature) -> Change:
    return _of_record("FEATURE", feature.pk)


def _of_record(kind: str, pk: int) -> Change:
    record = AuditRecord.objects.filter(related_object_type=kind, related_object_id=pk).order_by("-pk").first()
    if record is None:
        return None, None
    person = User.objects.filter(pk=record.user_id).first() if record.user_id else None
    return (person.shown_name if person else None), record.created_at
