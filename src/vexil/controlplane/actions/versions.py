"""v2 versions of a feature in an environment: drafted, published now or for later, going live, deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from vexil.controlplane.actions import events, feature_segments, feature_states, version_copies, version_states
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish as publish_environment
from vexil.controlplane.actions.version_merging import take_changes
from vexil.controlplane.actions.version_states import StateOfVersion, Unchangeable
from vexil.controlplane.db.models import Environment, Feature, FeatureVersion
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import versions as queries


class NotVersioned(Exception):
    """The environment has no v2 versioning."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """How a version differs from the one that counts now, and when it shall count instead."""

    description: str | None = None
    live_from: datetime | None = None
    to_create: Sequence[StateOfVersion] = ()
    to_update: Sequence[StateOfVersion] = ()
    segments_to_leave: Sequence[int] = ()
    """Ids of segments whose overrides go."""
    publish_immediately: bool = False


@transaction.atomic
def create(environment: Environment, feature: Feature, new: NewVersion, *, by: Actor) -> FeatureVersion:
    if not lock_environment(environment).use_v2_feature_versioning:
        raise NotVersioned
    version = begin(environment, feature, by=by, description=new.description, live_from=new.live_from)
    before = version.base and facts(version.base)
    for segment_id in new.segments_to_leave:
        version_states.remove(version, segment_id)
    for wanted in new.to_create:
        version_states.insert(version, wanted)
    for wanted in new.to_update:
        version_states.change(version, wanted)
    if new.publish_immediately:
        release(version, by=by)
    kind = "version.published" if new.publish_immediately else "version.created"
    events.record(by, kind, version.pk, scope=environment, before=before, after=facts(version))
    return version


@transaction.atomic
def publish(version: FeatureVersion, *, live_from: datetime | None = None, by: Actor) -> FeatureVersion:
    """Let a draft count from its time on, or from now; what is published already stays as it is."""
    version = _locked(version)
    if version.published:
        return version
    present = queries.current(version.environment, version.feature)
    before = present and facts(present)
    release(version, live_from=live_from, by=by)
    events.record(by, "version.published", version.pk, scope=version.environment, before=before, after=facts(version))
    return version


@transaction.atomic
def delete(version: FeatureVersion, *, by: Actor) -> None:
    """A draft, or one that waits for its time."""
    version, now = _locked(version), timezone.now()
    if version.went_live_at is not None:
        raise Unchangeable("Cannot delete a live version.")
    events.record(by, "version.deleted", version.pk, scope=version.environment, before=facts(version))
    feature_segments.remove_links(list(version.feature_segments.values_list("pk", flat=True)))
    version.feature_states.update(deleted_at=now)
    FeatureVersion.live.filter(pk=version.pk).update(deleted_at=now)


def go_live_due() -> int:
    """Let versions and scheduled states count whose time has come; say how many there were."""
    now = timezone.now()
    due = [version for version in queries.due(now) if _go_live_alone(version, now)]
    scheduled = list(queries.environments_with_scheduled_states(now))
    for environment in scheduled:
        with transaction.atomic():
            publish_environment(environment)
    return len(due) + len(scheduled)


def begin(environment: Environment, feature: Feature, *, by: Actor, **fields: Any) -> FeatureVersion:
    """A draft that is a copy of what counts now. Rows alone, as with `release`: callers lock and record."""
    version = FeatureVersion(environment=environment, feature=feature, created_by=by.user, **fields)
    version_copies.fill(version)
    return version


def release(version: FeatureVersion, *, live_from: datetime | None = None, by: Actor) -> None:
    """Publish a draft."""
    now = timezone.now()
    version.published, version.published_by = True, by.user
    version.live_from = live_from or version.live_from or now
    version.save()
    if version.live_from <= now:
        _go_live(version, now)


def facts(version: FeatureVersion) -> dict[str, Any]:
    """What an event tells of a version."""
    return {
        "feature_id": version.feature_id,
        "version_uuid": str(version.pk),
        "description": version.description,
        "published": version.published,
        "live_from": version.live_from.isoformat() if version.live_from else None,
        "is_current": version.is_current,
        "states": [
            {
                **feature_states.facts(state),
                "id": state.pk,
                "segment_id": state.feature_segment.segment_id if state.feature_segment else None,
                "priority": state.feature_segment.priority if state.feature_segment else None,
            }
            for state in queries.states(version)
        ],
    }


@transaction.atomic
def _go_live_alone(version: FeatureVersion, now: datetime) -> bool:
    lock_environment(version.environment)
    waiting = FeatureVersion.live.filter(pk=version.pk, went_live_at__isnull=True)
    found = waiting.select_related("environment__project", "feature", "base").first()
    if found is None:
        return False  # another process was faster, or somebody deleted it
    present = queries.current(found.environment, found.feature)
    before = present and facts(present)
    _go_live(found, now)
    events.record(SYSTEM, "version.went_live", found.pk, scope=found.environment, before=before, after=facts(found))
    return True


def _go_live(version: FeatureVersion, now: datetime) -> None:
    """Whoever goes live last counts, even with a time in the past: nobody's change is dropped in silence."""
    present = queries.current(version.environment, version.feature)
    if present:
        take_changes(version, present)
        FeatureVersion.objects.filter(pk=present.pk).update(is_current=False)
    version.went_live_at, version.is_current = now, True
    version.save()
    publish_environment(version.environment)


def _locked(version: FeatureVersion) -> FeatureVersion:
    lock_environment(version.environment)
    rows = FeatureVersion.live.select_related("environment__project", "feature", "base")
    return rows.get(pk=version.pk)
