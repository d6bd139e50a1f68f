"""More of everything in the world, so that every list has something to grow by."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from tests.controlplane.rights_world import World
from tests.factories import (
    grant_environment,
    grant_project,
    make_environment,
    make_feature,
    make_master_api_key,
    make_organisation,
    make_project,
    make_user,
)
from vexil.controlplane.actions import code_references, feature_segments, feature_states, trust_relationships
from vexil.controlplane.actions.code_references import Found, Scan
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    AuditRecord,
    EnvironmentGrant,
    Event,
    ExternalResource,
    Feature,
    FeatureExport,
    FeatureImport,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
    GithubRepository,
    Group,
    GroupMembership,
    HealthEvent,
    Integration,
    Invite,
    InviteLink,
    LaunchDarklyImport,
    Membership,
    MetadataField,
    MetadataModelField,
    MultivariateOption,
    OrganisationGrant,
    ProjectGrant,
    Role,
    ServerKey,
    Tag,
    Webhook,
    WebhookDelivery,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import SYSTEM, VIEW_ENVIRONMENT, VIEW_PROJECT
from vexil.stores.evaluations import EvaluationKey
from vexil.stores.usage import UsageKey


def grow(world: World, numbers: range) -> None:
    """One more of each thing for each number."""
    for number in numbers:
        _people(world, number)
        _organisation(world, number)
        _project(world, number)
        _environment(world, number)
        _outside(world, number)
        _identity(world, number)
        _usage(world, number)


def _people(world: World, number: int) -> None:
    scene, organisation = world.scene, world.scene.project.organisation
    user = make_user()
    Membership.objects.create(organisation=organisation, user=user)
    group = Group.objects.create(organisation=organisation, name=f"Group {number}")
    GroupMembership.objects.create(group=group, user=user)
    GroupMembership.objects.create(group=group, user=scene.admin)
    GroupMembership.objects.create(group_id=world.things["group_id"], user=user)
    grant_project(user, scene.project, VIEW_PROJECT)
    grant_environment(user, scene.environment, VIEW_ENVIRONMENT)
    OrganisationGrant.objects.create(organisation=organisation, user=user, permissions=["CREATE_PROJECT"])
    OrganisationGrant.objects.create(organisation=organisation, group=group, permissions=["CREATE_PROJECT"])
    ProjectGrant.objects.create(project=scene.project, group=group, permissions=[VIEW_PROJECT])
    EnvironmentGrant.objects.create(environment=scene.environment, group=group, permissions=[VIEW_ENVIRONMENT])


def _organisation(world: World, number: int) -> None:
    organisation = world.scene.project.organisation
    other = make_organisation(admin=world.scene.admin)
    Integration.objects.create(kind="github", organisation=other, settings={})
    invite = Invite.objects.create(
        organisation=organisation, email=f"invited{number}@example.com", hash=f"i{number}", invited_by=world.scene.admin
    )
    invite.groups.set(Group.objects.filter(organisation=organisation))
    InviteLink.objects.create(organisation=organisation, hash=f"l{number}", role=Role.USER)
    make_master_api_key(organisation, created_by=world.scene.admin)
    trusted = {"issuer": f"https://issuer-{number}.example.com", "audience": "vexil", "claim_rules": []}
    trust_relationships.create(organisation, by=SYSTEM, is_admin=True, name=f"trust {number}", **trusted)
    field = MetadataField.objects.create(organisation=organisation, name=f"field {number}")
    MetadataModelField.objects.create(field=field, content_type=ContentType.FEATURE)
    MetadataField.objects.create(organisation=organisation, project=world.scene.project, name=f"own {number}")


def _project(world: World, number: int) -> None:
    scene = world.scene
    user = make_user()
    LaunchDarklyImport.objects.create(project=scene.project, user=user, completed_at=timezone.now())
    first = world.feature()
    another = make_project(scene.project.organisation)
    make_environment(another)
    make_feature(another)
    make_environment(scene.project)
    tag = Tag.objects.create(project=scene.project, label=f"tag {number}")
    feature, segment = scene.feature(f"feature_{number}"), scene.segment(f"segment {number}")
    feature.tags.set(Tag.objects.filter(project=scene.project))
    feature.owners.add(scene.admin)
    first.tags.add(tag)
    MultivariateOption.objects.create(feature=first, string_value="more", default_percentage_allocation=0)
    feature_segments.create_override(scene.environment, first, segment, Change(True), by=SYSTEM)
    world_segment = FeatureSegment.objects.get(pk=world.things["link_id"]).segment
    feature_segments.create_override(scene.environment, feature, world_segment, Change(True), by=SYSTEM)
    scan = Scan(f"https://github.com/a/{number}", "github", "abc", [Found(first.name, "a.py", 1)])
    code_references.keep_scan(scene.project, scan, now=timezone.now(), by=SYSTEM)
    ExternalResource.objects.create(
        feature=first, url=f"https://gitlab.com/a/b/-/issues/{number + 100}", type="GITLAB_ISSUE"
    )
    told = {"provider_name": "Webhook", "type": "UNHEALTHY", "created_at": timezone.now()}
    HealthEvent.objects.create(feature=feature, **told)
    event = Event.objects.create(kind="feature.created", subject_id=first.pk, project_id=scene.project.pk)
    AuditRecord.objects.create(
        event=event,
        created_at=event.created_at,
        organisation_id=scene.project.organisation_id,
        project_id=scene.project.pk,
        environment_id=scene.environment.pk,
        user_id=scene.admin.pk,
        log="New",
        related_object_type="FEATURE",
        related_object_id=first.pk,
        change_type="CREATE",
    )


def _environment(world: World, number: int) -> None:
    environment, feature = world.scene.environment, world.feature()
    FeatureExport.objects.create(environment=environment)
    FeatureImport.objects.create(environment=environment, strategy="SKIP", status="SUCCESS")
    ServerKey.objects.create(environment=environment, name=f"key {number}")
    FeatureVersion.objects.create(environment=environment, feature=feature, created_by=world.scene.admin)
    draft = FeatureVersion.objects.get(pk=world.ids("environment-feature-versions/")["uuid"])
    segment = world.scene.segment(f"of version {number}")
    place: dict[str, Any] = {"environment": environment, "feature": feature, "feature_version": draft}
    link = FeatureSegment.objects.create(segment=segment, **place)
    FeatureState.objects.create(feature_segment=link, version=None, **place)


def _outside(world: World, number: int) -> None:
    """Webhooks, and what was sent by them and by integrations."""
    url = f"https://example.com/{number}"
    for place in ({"environment": world.scene.environment}, {"organisation": world.scene.project.organisation}):
        Webhook.objects.create(url=url, **place)
    for sender in ({"webhook": webhook} for webhook in Webhook.objects.all()):
        WebhookDelivery.objects.create(event_type="FLAG_UPDATED", body="{}", **sender)
    github = Integration.objects.get(kind="github", organisation=world.scene.project.organisation)
    GithubRepository.objects.create(
        integration=github, project=world.scene.project, repository_owner="a", repository_name=f"repository{number}"
    )
    for integration in Integration.objects.all():
        WebhookDelivery.objects.create(integration=integration, event_type="FEATURE", body="{}")


def _identity(world: World, number: int) -> None:
    environment = world.scene.environment
    identities = stores.current().identities
    kim = identities.find(environment.pk, "kim") or identities.create(environment.pk, "kim")
    identities.set_traits(environment.pk, kim.id, {f"trait {number}": number})
    identities.create(environment.pk, f"more {number}")
    feature = Feature.live.get(name=f"feature_{number}")
    feature_states.create(environment, feature, Change(True), by=SYSTEM, identity=kim)


def _usage(world: World, number: int) -> None:
    """On a day of its own."""
    environment, feature = world.scene.environment.pk, world.feature().name
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=number + 1)
    stores.current().usage.add({UsageKey(environment, "flags", hour, ""): 1})
    stores.current().evaluations.add({EvaluationKey(environment, feature, hour, True, ""): 1})
