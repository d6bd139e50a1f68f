"""A project with some of everything, whose names are markup, and the address of every page in it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import URLPattern, reverse
from django.utils import timezone

from tests.controlplane.scenes import Scene
from tests.factories import (
    grant_environment,
    grant_project,
    make_environment,
    make_master_api_key,
    make_oauth_application,
    make_trust_relationship,
    make_user,
)
from vexil.controlplane.actions import (
    external_resources,
    feature_segments,
    feature_states,
    groups,
    identities,
    integrations,
    metadata_fields,
    tags,
    webhooks,
)
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.dashboard.features import TABS
from vexil.controlplane.dashboard.urls import urlpatterns
from vexil.controlplane.db.models import (
    AuditRecord,
    ExternalResource,
    Feature,
    FeatureExport,
    FeatureState,
    FeatureVersion,
    Group,
    HealthEvent,
    HealthProvider,
    Integration,
    Invite,
    InviteLink,
    Membership,
    MetadataField,
    OAuthApplication,
    OAuthSession,
    Project,
    ServerKey,
    Tag,
    Webhook,
    WebhookDelivery,
)
from vexil.controlplane.db.models.metadata import ContentType, FieldType
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT, Actor

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"
ROUTES: dict[str, URLPattern] = {str(pattern.name): pattern for pattern in urlpatterns}
_OF_ORGANISATION, _OF_PROJECT = "organisation/", "project/"


@dataclass(frozen=True)
class Everything:
    scene: Scene
    parts: dict[str, Any]
    """What the parameters of routes are filled with."""

    def address(self, name: str) -> str:
        route = str(ROUTES[name].pattern)
        parts = dict(self.parts)
        if route.startswith(_OF_ORGANISATION):
            parts |= {"webhook_id": parts["organisation_webhook_id"], "delivery_id": parts["organisation_delivery_id"]}
        if route.startswith(_OF_PROJECT):
            parts["field_id"] = parts["project_field_id"]
        return reverse(name, kwargs={key: parts[key] for key in ROUTES[name].pattern.converters})

    def addresses(self) -> dict[str, str]:
        """By name; the panel of a feature once for each of its tabs."""
        panel = f"{self.address('features')}?feature={self.parts['feature_id']}&tab="
        return {**{name: self.address(name) for name in ROUTES}, **{f"features, {tab}": panel + tab for tab in TABS}}


def make_everything(scene: Scene) -> Everything:
    """One of each thing."""
    by = Actor(user=scene.admin)
    organisation, project, environment = scene.project.organisation, scene.project, scene.environment
    type(organisation).objects.filter(pk=organisation.pk).update(name=MARKUP)
    Project.objects.filter(pk=project.pk).update(name=MARKUP)
    type(environment).objects.filter(pk=environment.pk).update(name=MARKUP, banner_text=MARKUP)
    for row in (organisation, project, environment):
        row.refresh_from_db()
    add_rows(scene, 1)
    feature = project.features.order_by("pk")[0]
    identity = identities.create(environment, "kim", by=by)
    state = FeatureState.objects.create(environment=environment, feature=feature, identity_id=identity.id, enabled=True)
    for place in (organisation, project, environment):
        settings = {"api_key": "k", "base_url": "https://example.com/<b>"}
        _told(integrations.create(place, "grafana", by=by, settings=settings))
    on_features = {ContentType.FEATURE: ()}
    own_field = metadata_fields.add(organisation, on_features, by=by, project=project, name=MARKUP, type="str")
    github = integrations.create(organisation, "github", by=by, settings={"installation_id": "1"})
    repository = external_resources.add_repository(
        github, by=by, project=project, repository_owner="<b>acme", repository_name="<b>shop", tagging_enabled=True
    )
    of_organisation = webhooks.create(organisation, by=by, url="https://example.com/<b>", enabled=True)
    return Everything(
        scene,
        {
            "organisation_id": organisation.pk,
            "project_id": project.pk,
            "environment_key": environment.api_key,
            "environment_id": environment.pk,
            "feature_id": feature.pk,
            "segment_id": project.segments.order_by("pk")[0].pk,
            "identity_id": identity.id,
            "identifier": identity.identifier,
            "state_id": state.pk,
            "version_id": FeatureVersion.objects.create(environment=environment, feature=feature).pk,
            "repository_id": repository.pk,
            "link_id": ExternalResource.objects.create(
                feature=feature, url="https://example.com/<i>", type="GITHUB_ISSUE", metadata={"title": MARKUP}
            ).pk,
            "record_id": AuditRecord.objects.filter(project_id=project.pk).latest("pk").pk,
            "tag_id": Tag.objects.latest("pk").pk,
            "section": "new",
            "export_id": FeatureExport.objects.create(environment=environment, user=scene.admin).pk,
            "key_id": ServerKey.objects.latest("pk").pk,
            "webhook_id": Webhook.objects.filter(environment=environment).latest("pk").pk,
            "delivery_id": _delivery(Webhook.objects.filter(environment=environment).latest("pk")).pk,
            "organisation_webhook_id": of_organisation.pk,
            "organisation_delivery_id": _delivery(of_organisation).pk,
            "group_id": Group.objects.latest("pk").pk,
            "user_id": Membership.objects.filter(organisation=organisation).latest("pk").user_id,
            "kind": "user",
            "integration_kind": "grafana",
            "field_id": MetadataField.objects.filter(project=None).latest("pk").pk,
            "project_field_id": own_field.pk,
            "holder_id": Membership.objects.filter(organisation=organisation).latest("pk").user_id,
            "event_id": _told_of(feature).pk,
            "provider_name": HealthProvider.objects.create(project=project, name="Webhook").name,
            "application_id": _application(scene, "client").pk,
            "invite_id": Invite.objects.latest("pk").pk,
            "relationship_id": make_trust_relationship(
                organisation, name=MARKUP, audience=MARKUP, claim_rules=[{"claim": MARKUP, "values": [MARKUP]}]
            ).pk,
            "prefix": make_master_api_key(organisation, name="<b>key<img src=x>")[0].prefix,
            "secret": "unknown",
            "name": "integrations",
            "uid": "x",
            "token": "x",
        },
    )


def add_rows(scene: Scene, count: int) -> None:
    """So many more of what pages list, with names of markup."""
    by = Actor(user=scene.admin)
    organisation, project, environment = scene.project.organisation, scene.project, scene.environment
    for number in range(project.features.count(), project.features.count() + count):
        name = f"{MARKUP} {number}"
        feature = scene.feature(name, description=MARKUP)
        segment = scene.segment(name, trait=MARKUP, value=MARKUP)
        feature_states.update(scene.default(feature), Change(enabled=True, value=of_native(MARKUP)), by=by)
        feature_segments.create_override(environment, feature, segment, Change(value=of_native(MARKUP)), by=by)
        identity = identities.create(environment, name, by=by)
        identities.set_traits(environment, identity, {MARKUP: MARKUP}, by=by)
        tags.create(project, by=by, label=f"<b>{number}", color="#000000", description=MARKUP)
        webhooks.create(environment, by=by, url=f"https://example.com/<b>{number}", enabled=True)
        ServerKey.objects.create(environment=environment, name=f"<b>{number}")
        groups.create(organisation, by=by, name=name)
        on = dict.fromkeys((ContentType.FEATURE, ContentType.ENVIRONMENT, ContentType.SEGMENT), ())
        metadata_fields.add(organisation, on, by=by, name=name, type=FieldType.STRING, description=MARKUP)
        colleague = make_user(first_name="<b>Kim", last_name="<img src=x>")
        Membership.objects.create(user=colleague, organisation=organisation)
        grant_project(colleague, project, VIEW_PROJECT)
        grant_environment(colleague, environment, VIEW_ENVIRONMENT)
        _application(scene, f"client {number}")
        make_trust_relationship(organisation, name=name)
        Invite.objects.create(organisation=organisation, email=f"invited{number}@example.com", invited_by=scene.admin)
        InviteLink.objects.create(organisation=organisation)
        Project.objects.create(organisation=organisation, name=name)
        make_environment(project, name=name)


def _application(scene: Scene, client_id: str) -> OAuthApplication:
    """One that may act as the administrator."""
    application, now = make_oauth_application(client_id=client_id, name=MARKUP, is_verified=False), timezone.now()
    OAuthSession.objects.create(
        application=application,
        user=scene.admin,
        scopes=["mcp"],
        created_at=now,
        renewed_at=now,
        expires_at=now + timedelta(days=1),
    )
    return application


def _told_of(feature: Feature) -> HealthEvent:
    """Of bad health, in markup."""
    blocks = {"text_blocks": [{"title": MARKUP, "text": MARKUP}], "url_blocks": [{"url": "javascript:alert(1)"}]}
    return HealthEvent.objects.create(
        feature=feature,
        provider_name="Webhook",
        external_id=str(HealthEvent.objects.count()),
        type="UNHEALTHY",
        reason=blocks,
        created_at=timezone.now(),
    )


def _told(integration: Integration) -> None:
    WebhookDelivery.objects.create(
        integration=integration, event_type="CHANGE", body=f'{{"x": "{MARKUP}"}}', status="FAILED", error=MARKUP
    )


def _delivery(webhook: Webhook) -> WebhookDelivery:
    return WebhookDelivery.objects.create(
        webhook=webhook, event_type="FLAG_UPDATED", body=f'{{"x": "{MARKUP}"}}', error=MARKUP
    )
