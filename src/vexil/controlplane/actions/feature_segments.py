"""Segment overrides: which segments override a feature in an environment, and which of them is the strongest."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vexil.controlplane.actions import events, feature_states
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.locks import lock_environment
from vexil.controlplane.actions.publishing import publish
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Environment, Feature, FeatureSegment, FeatureState, Segment
from vexil.controlplane.permissions import Actor


@transaction.atomic
def create(environment: Environment, feature: Feature, segment: Segment, *, by: Actor) -> FeatureSegment:
    """A link in the weakest place; it overrides nothing before it has a feature state."""
    lock_environment(environment)
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
    lock_environment(environment)
    link = insert_link(environment, feature, segment, priority)
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
    lock_environment(environment)
    before = _places(environment, first.feature)
    arrange(environment, first.feature, priorities)
    after = _places(environment, first.feature)
    events.record(by, "segment_override.reordered", first.feature_id, scope=environment, before=before, after=after)
    publish(environment)


@transaction.atomic
def delete(link: FeatureSegment, *, by: Actor) -> None:
    """The link and its feature state; weaker links move up."""
    lock_environment(link.environment)
    link = FeatureSegment.live.select_related("environment").get(pk=link.pk)
    events.record(by, "segment_override.deleted", link.pk, scope=link.environment, before=facts(link))
    remove_links([link.pk])
    weaker = _links(link.environment, link.feature_id).filter(priority__gt=link.priority)
    weaker.update(priority=F("priority") - 1)
    publish(link.environment)


def remove_links(link_ids: Collection[int]) -> None:
    """The rows alone, with their feature states; the places of the others stay."""
    now = timezone.now()
    FeatureState.live.filter(feature_segment__in=link_ids).update(deleted_at=now)
    FeatureSegment.live.filter(pk__in=link_ids).update(deleted_at=now)


def facts(link: FeatureSegment) -> dict[str, Any]:
    return {"feature_id": link.feature_id, "segment_id": link.segment_id, "priority": link.priority}


def insert_link(environment: Environment, feature: Feature, segment: Segment, priority: int | None) -> FeatureSegment:
    """The row alone, at `priority` or in the weakest place; callers lock, record and publish."""
    if segment.feature_id not in (None, feature.pk):
        raise Refused(
            f"Can only create segment override(using this segment) for feature {segment.feature_id}", "feature"
        )
    overrides = FeatureSegment.live.filter(environment=environment).count()
    if overrides >= environment.project.max_segment_overrides_allowed:
        raise Refused("The environment has reached the maximum allowed segments overrides limit.", "environment")
    last = _links(environment, feature.pk).last()
    weakest = last.priority + 1 if last else 0
    link = FeatureSegment.objects.create(environment=environment, feature=feature, segment=segment, priority=weakest)
    if priority is not None:
        arrange(environment, feature, {link.pk: priority})
        link.priority = priority
    return link


def arrange(environment: Environment, feature: Feature, wanted: Mapping[int, int]) -> None:
    """Unnamed links keep their order and their places, and move down where a place is taken."""
    taken = set(wanted.values())
    if len(taken) < len(wanted):
        raise Refused("Each priority can be given only once.")
    free = 0
    for link in _links(environment, feature.pk):
        place = wanted.get(link.pk)
        if place is None:
            place = max(free, link.priority)
            while place in taken:
                place += 1
            free = place + 1
        if place != link.priority:
            FeatureSegment.objects.filter(pk=link.pk).update(priority=place)


def _links(environment: Environment, feature_id: int) -> Any:
    return FeatureSegment.live.filter(environment=environment, feature_id=feature_id).order_by("priority", "pk")


def _places(environment: Environment, feature: Feature) -> dict[str, int]:
    return {str(pk): place for pk, place in _links(environment, feature.pk).values_list("pk", "priority")}
