"""A project as large as the dashboard has to be quick with, written into the tables at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.controlplane.dashboard.everything import Everything
from tests.factories import make_user
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    AuditRecord,
    Environment,
    Event,
    Feature,
    FeatureSegment,
    FeatureState,
    Membership,
    Segment,
    Tag,
    Webhook,
    WebhookDelivery,
)
from vexil.stores.evaluations import EvaluationKey
from vexil.stores.identities import Upsert
from vexil.stores.usage import UsageKey

_AT_ONCE = 5_000
_DAYS = 90
_SDKS = ("flagsmith-python-sdk/5.2.0", "flagsmith-js-sdk/9.3.0", "")
_RESOURCES = ("flags", "identities", "traits", "environment-document")


@dataclass(frozen=True)
class Size:
    features: int = 1_000
    segments: int = 500
    identities: int = 100_000
    environments: int = 20
    records: int = 2_000
    """Of the audit log."""
    overrides: int = 100
    """Of the one feature that pages about a feature show, by segments and by identities."""


def fill(everything: Everything, size: Size) -> None:
    """Around what is there already, which stays what the addresses of pages name."""
    project = everything.scene.project
    for number in range(project.environments.count(), size.environments):
        Environment.objects.create(project=project, name=f"Environment {number}")
    environments = list(project.environments.order_by("pk"))
    Feature.objects.bulk_create(
        Feature(project=project, name=f"feature_{number:04}", description="What it is for, in some words")
        for number in range(project.features.count(), size.features)
    )
    Segment.objects.bulk_create(
        Segment(project=project, name=f"Segment {number:03}", rules=_rules(number))
        for number in range(project.segments.count(), size.segments)
    )
    features, segments = list(project.features.order_by("pk")), list(project.segments.order_by("pk"))
    FeatureState.objects.bulk_create(_defaults(features, environments), batch_size=_AT_ONCE)
    _mark(everything, features)
    _override(everything, features, segments[-size.overrides :])
    _identify(everything, size)
    _record(everything, features, size.records)
    _count(features[0], environments)


def _rules(number: int) -> list[dict[str, Any]]:
    conditions = [
        {"id": 3 + place, "operator": operator, "property": trait, "value": value, "description": None}
        for place, (operator, trait, value) in enumerate(
            [("EQUAL", "plan", "pro"), ("GREATER_THAN", "age", str(number)), ("IN", "country", "DE,FR,NL")]
        )
    ]
    inner = {"id": 2, "type": "ANY", "conditions": conditions, "rules": []}
    return [{"id": 1, "type": "ALL", "conditions": [], "rules": [inner]}]


def _defaults(features: list[Feature], environments: list[Environment]) -> Iterator[FeatureState]:
    having = set(FeatureState.live.filter(feature_segment=None).values_list("environment_id", "feature_id"))
    for environment in environments:
        for feature in features:
            if (environment.pk, feature.pk) not in having:
                text = f"value of {feature.name}"
                is_on = (environment.pk + feature.pk) % 2 == 0
                yield FeatureState(environment=environment, feature=feature, enabled=is_on, string_value=text)


def _mark(everything: Everything, features: list[Feature]) -> None:
    project, organisation = everything.scene.project, everything.scene.project.organisation
    tags = Tag.objects.bulk_create(Tag(project=project, label=f"tag {number:02}") for number in range(40))
    marks = Feature.tags.through
    marks.objects.bulk_create(
        marks(feature=feature, tag=tags[(number + more) % len(tags)])
        for number, feature in enumerate(features)
        for more in range(2)
    )
    for _ in range(60):
        Membership.objects.create(user=make_user(), organisation=organisation)
    for webhook in Webhook.objects.all():
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(webhook=webhook, event_type="FLAG_UPDATED", body="{}") for _ in range(200)
        )


def _override(everything: Everything, features: list[Feature], segments: list[Segment]) -> None:
    """The first feature for all of the segments, and many features for one of them."""
    environment = everything.scene.environment
    pairs = [(features[0], segment) for segment in segments]
    pairs += [(feature, segments[0]) for feature in features[1 : len(segments)]]
    links = FeatureSegment.objects.bulk_create(
        FeatureSegment(feature=feature, segment=segment, environment=environment, priority=number)
        for number, (feature, segment) in enumerate(pairs, 1)
    )
    FeatureState.objects.bulk_create(
        FeatureState(environment=environment, feature=link.feature, feature_segment=link, string_value="overridden")
        for link in links
    )


def _identify(everything: Everything, size: Size) -> None:
    environment, feature_id = everything.scene.environment, everything.parts["feature_id"]
    upserts = [
        Upsert(environment.pk, f"user-{number}", {"plan": ("pro", "free")[number % 2], "age": number % 90})
        for number in range(size.identities)
    ]
    parts = [upserts[start : start + _AT_ONCE] for start in range(0, len(upserts), _AT_ONCE)]
    saved = [found for part in parts for found in stores.current().identities.save_many(part)]
    FeatureState.objects.bulk_create(
        FeatureState(
            environment=environment,
            feature_id=feature_id,
            identity_id=identity.id,
            identity_identifier=identity.identifier,
            string_value="theirs",
        )
        for identity in saved[: size.overrides]
    )


def _record(everything: Everything, features: list[Feature], count: int) -> None:
    scene, now = everything.scene, datetime.now(UTC)
    project, environment = scene.project, scene.environment
    places = {"organisation_id": project.organisation_id, "project_id": project.pk, "environment_id": environment.pk}
    events = Event.objects.bulk_create(
        Event(kind="feature_state.updated", subject_id=str(number), user_id=scene.admin.pk, **places)
        for number in range(count)
    )
    AuditRecord.objects.bulk_create(
        AuditRecord(
            event=event,
            created_at=now - timedelta(minutes=number),
            user_id=scene.admin.pk,
            log=f"Flag state updated for feature: {features[number % len(features)].name}",
            related_object_type="FEATURE_STATE",
            related_object_id=number,
            change_type="UPDATE",
            change_details=[{"field": "enabled", "old": False, "new": True}],
            is_told=True,
            **places,
        )
        for number, event in enumerate(events)
    )


def _count(feature: Feature, environments: list[Environment]) -> None:
    """Three months of requests to each environment, and evaluations of one feature."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=day) for day in range(_DAYS)]
    stores.current().usage.add(
        {
            UsageKey(environment.pk, resource, day, sdk): 1_000
            for environment in environments
            for resource in _RESOURCES
            for day in days
            for sdk in _SDKS
        }
    )
    stores.current().evaluations.add(
        {
            EvaluationKey(environment.pk, feature.name, day, is_on, sdk): 500
            for environment in environments
            for day in days
            for is_on in (True, False)
            for sdk in _SDKS
        }
    )
