"""Segment overrides: which segments override a feature in an environment, and which of them is the strongest."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from vexil.controlplane.actions import events, feature_states
from vexil.controlplane.actions.feature_states import Change, UsesVersions
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState, FeatureVersion, Segment
from vexil.controlplane.permissions import Actor


@transaction.atomic
def create(environment: Environment, feature: Feature, segment: Segment, *, by: Actor) -> FeatureSegment:
    """A link in the weakest place; it overrides nothing before it has a feature state."""
    _lock_directly(environment)
    link = insert_link(environment, feature, segment, priority=None)
    events.record(by, "segment_override.linked", link.pk, scope=environment, after=facts(link))
    publish(environment)
    return link


@transaction.atomic
def create_override(
    environment: Environment,
    feature: Feature,
    segment: Segment,
    change: Change,
    *,
    by: Actor,
    priority: int | None = None,
) -> FeatureState:
    """A link together with its feature state; at `priority`, or in the weakest place."""
    _lock_directly(environment)
    link = insert_link(environment, feature, segment, priority=priority)
    state = feature_states.insert(environment, feature, change, link=link)
    after = {**facts(link), **feature_states.facts(state)}
    events.record(by, "segment_override.created", state.pk, scope=environment, after=after)
    publish(environment)
    return state


@transaction.atomic
def set_priorities(links: Iterable[FeatureSegment], priorities: Mapping[int, int], *, by: Actor) -> None:
    """Give links of one feature in one environment (by id) the priorities sent; the other links make room."""
    first, *_ = links
    environment = first.environment
    _lock_directly(environment, first.feature_version_id)
    before = _places(first)
    arrange(environment, first.feature, priorities, first.feature_version)
    after = _places(first)
    events.record(by, "segment_override.reordered", first.feature_id, scope=environment, before=before, after=after)
    publish(environment)


@transaction.atomic
def delete(link: FeatureSegment, *, by: Actor) -> None:
    """The link and its feature state; weaker links move up."""
    _lock_directly(link.environment, link.feature_version_id)
    link = FeatureSegment.live.select_related("environment").get(pk=link.pk)
    events.record(by, "segment_override.deleted", link.pk, scope=link.environment, before=facts(link))
    remove_links([link.pk])
    siblings = _links(link.environment, link.feature_id, link.feature_version_id)
    weaker = siblings.filter(priority__gt=link.priority)
    weaker.update(priority=F("priority") - 1)
    publish(link.environment)


def remove_links(link_ids: Collection[int]) -> None:
    """The rows alone, with their feature states; the places of the others stay."""
    now = timezone.now()
    FeatureState.live.filter(feature_segment__in=link_ids).update(deleted_at=now)
    FeatureSegment.live.filter(pk__in=link_ids).update(deleted_at=now)


def facts(link: FeatureSegment) -> dict[str, Any]:
    return {"feature_id": link.feature_id, "segment_id": link.segment_id, "priority": link.priority}


def insert_link(
    environment: Environment,
    feature: Feature,
    segment: Segment,
    *,
    priority: int | None,
    version: FeatureVersion | None = None,
) -> FeatureSegment:
    """The row alone, at `priority` or in the weakest place; callers lock, record and publish."""
    if segment.feature_id not in (None, feature.pk):
        raise Refused(
            f"Can only create segment override(using this segment) for feature {segment.feature_id}", "feature"
        )
    elsewhere = FeatureSegment.current.filter(environment=environment).exclude(feature=feature).count()
    siblings = _links(environment, feature.pk, version.pk if version else None)
    if elsewhere + siblings.count() >= environment.project.max_segment_overrides_allowed:
        raise LimitReached(
            "The environment has reached the maximum allowed segments overrides limit.",
            "environment",
            limit="max_segment_overrides_allowed of the project",
        )
    last = siblings.last()
    link = FeatureSegment.objects.create(
        environment=environment,
        feature=feature,
        segment=segment,
        feature_version=version,
        priority=last.priority + 1 if last else 0,
    )
    if priority is not None:
        arrange(environment, feature, {link.pk: priority}, version)
        link.priority = priority
    return link


def arrange(
    environment: Environment, feature: Feature, wanted: Mapping[int, int], version: FeatureVersion | None = None
) -> None:
    """Unnamed links keep their order and their places, and move down where a place is taken."""
    taken = set(wanted.values())
    if len(taken) < len(wanted):
        raise Refused("Each priority can be given only once.")
    free = 0
    for link in _links(environment, feature.pk, version.pk if version else None):
        place = wanted.get(link.pk)
        if place is None:
            place = max(free, link.priority)
            while place in taken:
                place += 1
            free = place + 1
        if place != link.priority:
            FeatureSegment.objects.filter(pk=link.pk).update(priority=place)


def _lock_directly(environment: Environment, version_id: UUID | None = None) -> None:
    """Lock; raise `UsesVersions` unless this is a draft, or there is no v2 versioning."""
    uses_versions = lock_environment(environment).use_v2_feature_versioning
    drafts = FeatureVersion.live.filter(published=False)
    if uses_versions and (version_id is None or not drafts.filter(pk=version_id).exists()):
        raise UsesVersions


def _links(environment: Environment, feature_id: int, version_id: UUID | None) -> QuerySet[FeatureSegment]:
    """The links beside which one stands, strongest first."""
    place = {"environment": environment, "feature_id": feature_id, "feature_version_id": version_id}
    return FeatureSegment.live.filter(**place).order_by("priority", "pk")


def _places(link: FeatureSegment) -> dict[str, int]:
    links = _links(link.environment, link.feature_id, link.feature_version_id)
    return {str(pk): place for pk, place in links.values_list("pk", "priority")}
