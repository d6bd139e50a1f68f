"""Segments: sets of identities described by rules, shared by a project's environments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from vexil.controlplane.actions import events, metadata
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.actions.metadata import Value
from vexil.controlplane.actions.publishing import publish_project
from vexil.controlplane.actions.refusals import LimitReached, Refused
from vexil.controlplane.db.models import Feature, FeatureSegment, FeatureState, Project, Segment
from vexil.controlplane.permissions import Actor

Rule = dict[str, Any]
"""`{type, conditions: [{operator, property, value, description}], rules: [...]}`, as `Segment.rules` holds it."""

RULE_LEVELS_MAX = 2


class ManagedSegment(Exception):
    """The segment belongs to a cohort and is changed through that."""


@dataclass(frozen=True, slots=True)
class NewSegment:
    name: str
    rules: list[Rule]
    description: str | None = None
    feature: Feature | None = None
    """The only feature that the segment can override, if it is not for all."""
    custom_fields: Sequence[Value] | None = None
    """None: without any, and without looking whether some are required."""


@transaction.atomic
def create(project: Project, new: NewSegment, *, by: Actor) -> Segment:
    lock_project(project)
    if Segment.live.filter(project=project).count() >= project.max_segments_allowed:
        raise LimitReached(
            "The project has reached the maximum allowed segments limit.",
            "project",
            limit="max_segments_allowed of the project",
        )
    segment = Segment(project=project, name=new.name, description=new.description, feature=new.feature)
    _set_rules(segment, new.rules)
    segment.save()
    _give_free_hashing_id(segment)
    metadata.replace(segment, new.custom_fields)
    events.record(by, "segment.created", segment.pk, scope=project, after=facts(segment))
    publish_project(project)
    return segment


@transaction.atomic
def update(
    segment: Segment, changes: dict[str, Any], *, by: Actor, custom_fields: Sequence[Value] | None = None
) -> Segment:
    """Set columns by name; `rules` replaces the whole tree, `custom_fields` all values. The segment afterwards."""
    lock_project(segment.project)
    segment = Segment.live.select_related("project").get(pk=segment.pk)
    _check_unmanaged(segment)
    before = facts(segment)
    for name, value in changes.items():
        if name == "rules":
            _set_rules(segment, value)
        else:
            setattr(segment, name, value)
    segment.save()
    metadata.replace(segment, custom_fields)
    events.record(by, "segment.updated", segment.pk, scope=segment.project, before=before, after=facts(segment))
    publish_project(segment.project)
    return segment


def clone(segment: Segment, *, name: str, by: Actor) -> Segment:
    copy = NewSegment(name=name, rules=segment.rules, description=segment.description, feature=segment.feature)
    return create(segment.project, copy, by=by)


@transaction.atomic
def delete(segment: Segment, *, by: Actor) -> None:
    """The segment with its overrides, in every environment."""
    lock_project(segment.project)
    _check_unmanaged(segment)
    events.record(by, "segment.deleted", segment.pk, scope=segment.project, before=facts(segment))
    now = timezone.now()
    FeatureState.live.filter(feature_segment__segment=segment).update(deleted_at=now)
    FeatureSegment.live.filter(segment=segment).update(deleted_at=now)
    Segment.live.filter(pk=segment.pk).update(deleted_at=now)
    publish_project(segment.project)


def facts(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "description": segment.description,
        "feature_id": segment.feature_id,
        "rules": segment.rules,
        "metadata": metadata.facts(segment),
    }


def _give_free_hashing_id(segment: Segment) -> None:
    """Its own id will do, unless an imported segment of the project goes by that."""
    known = Segment.objects.filter(project=segment.project, hashing_id__isnull=False)
    if known.filter(hashing_id=segment.pk).exists():
        highest = known.aggregate(highest=Max("hashing_id"))["highest"]
        segment.hashing_id = max(highest, segment.pk) + 1
        segment.save(update_fields=["hashing_id"])


def _check_unmanaged(segment: Segment) -> None:
    if segment.managed_by:
        raise ManagedSegment


def _set_rules(segment: Segment, rules: list[Rule]) -> None:
    _check_depth(rules)
    count, limit = _condition_count(rules), settings.VEXIL.segment_conditions_max
    if count > limit:
        raise LimitReached(
            f"The segment has {count} conditions, which exceeds the maximum condition count of {limit}.",
            "segment",
            limit="SEGMENT_RULES_CONDITIONS_LIMIT",
        )
    segment.rules = [_numbered(rule, segment) for rule in rules]


def _check_depth(rules: list[Rule]) -> None:
    level = rules
    for _ in range(RULE_LEVELS_MAX):
        level = [child for rule in level for child in rule.get("rules", ())]
    if level:
        raise Refused(f"Rules must not be nested more than {RULE_LEVELS_MAX} levels deep.", "segment")


def _condition_count(rules: list[Rule]) -> int:
    return sum(len(rule["conditions"]) + _condition_count(rule.get("rules", [])) for rule in rules)


def _numbered(rule: Rule, segment: Segment) -> Rule:
    segment.last_rule_id += 1
    numbered: Rule = {"id": segment.last_rule_id, "type": rule["type"], "conditions": [], "rules": []}
    for condition in rule["conditions"]:
        segment.last_rule_id += 1
        numbered["conditions"].append({**condition, "id": segment.last_rule_id})
    numbered["rules"] = [_numbered(child, segment) for child in rule.get("rules", ())]
    return numbered
