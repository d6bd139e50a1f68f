"""One of everything, and everybody who could ask for it."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from django.utils import timezone

from tests.controlplane.client import AdminClient
from tests.controlplane.scenes import Scene, json_of, make_scene
from tests.factories import (
    grant_environment,
    grant_project,
    make_master_api_key,
    make_oauth_application,
    make_organisation,
    make_trust_relationship,
    make_user,
)
from vexil.controlplane import permissions
from vexil.controlplane.adminapi import integrations
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import (
    AuditRecord,
    EnvironmentGrant,
    ExternalResource,
    Feature,
    FeatureExport,
    FeatureSegment,
    FeatureState,
    FeatureVersion,
    GithubRepository,
    HealthEvent,
    HealthProvider,
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
    Segment,
    Tag,
    User,
    Webhook,
    WebhookDelivery,
)
from vexil.controlplane.db.models.metadata import ContentType
from vexil.controlplane.permissions import VIEW_ENVIRONMENT, VIEW_PROJECT

Holder = tuple[tuple[str, ...], AdminClient]
ByRoute = list[tuple[str, dict[str, Any]]]
"""What parameters mean below some beginning of a route; later ones win."""


_numbers = count()
INVITED = "x@example.com"


@dataclass(frozen=True)
class World:
    scene: Scene
    callers: dict[str, AdminClient]
    holders: dict[str, Holder]
    """Members with one right, and the rights to view that were added to it."""
    body: dict[str, Any]
    """Names parents, which writes are refused without; nearly all else is missing."""
    things: dict[str, Any]
    by_route: ByRoute

    def body_for(self, route: str) -> Any:
        """Some routes look at more of the body before they decide."""
        if route == "features/feature-segments/update-priorities/":
            return [{"id": self.things["link_id"], "priority": 0}]
        if route == "webhooks/test/":
            return {"scope": {"type": "environment", "id": self.things["api_key"]}}
        if route == "features/create-feature-export/":
            return {"environment_id": self.things["environment"], "tag_ids": []}
        if route.startswith("api/__future__/"):
            return {"environment_default": {}}
        return self.body

    def ids(self, route: str) -> dict[str, Any]:
        """What the parameters of a route are filled with."""
        ids = dict(self.things)
        for beginning, more in self.by_route:
            if route.startswith(beginning):
                ids |= more
        return {**ids, **self._identity()} if "identity_id" in route else ids

    def names(self) -> dict[str, Any]:
        """What bodies may refer to."""
        second = Feature.objects.filter(name="second").values_list("pk", flat=True).first()
        return {
            **self.things,
            **{name: self.body[name] for name in ("user", "group")},
            "admin_id": self.scene.admin.pk,
            "second": second,
            "source": stores.current().identities.create(self.scene.environment.pk, f"source{next(_numbers)}").id,
            "fresh": f"fresh{next(_numbers)}",
        }

    def writers(self) -> dict[str, AdminClient]:
        """Callers, and somebody to whom the open invite was sent."""
        invited = User.objects.filter(email=INVITED).first() or make_user(INVITED)
        return {**self.callers, "invited": self.scene.api.as_user(invited)}

    def feature(self) -> Feature:
        return Feature.objects.get(pk=self.things["feature"])

    def _identity(self) -> dict[str, Any]:
        """Made when needed: identities are in the stores, where a rollback does not reach."""
        identities, environment = stores.current().identities, self.scene.environment
        identity = identities.find(environment.pk, "kim") or identities.create(environment.pk, "kim")
        state = FeatureState.objects.create(
            environment=environment, feature_id=self.things["feature"], identity_id=identity.id, enabled=True
        )
        path = f"environments/{environment.api_key}/identities/{identity.id}/traits/"
        traits = json_of(self.scene.api.get(path))["results"]
        made = traits[0] if traits else json_of(self.scene.api.post(path, {"trait_key": "a", "string_value": "b"}), 201)
        return {"identity_id": identity.id, "state_id": state.pk, "trait_id": made["id"]}


def make_world() -> World:
    scene = make_scene()
    bystander = _member(scene)
    things = _things(scene, bystander)
    parents = ("organisation", "project", "environment", "feature", "segment")
    body = {**{name: things[name] for name in parents}, "user": bystander.pk, "group": things["group_id"]}
    return World(scene, _callers(scene), _holders(scene), body, things, _by_route(scene, bystander, things))


def _member(scene: Scene) -> User:
    user = make_user()
    Membership.objects.create(organisation=scene.project.organisation, user=user)
    return user


def _callers(scene: Scene) -> dict[str, AdminClient]:
    organisation, api = scene.project.organisation, scene.api
    elsewhere = make_organisation(admin=(outsider := make_user()))
    project_admin, environment_admin = _member(scene), _member(scene)
    grant_project(project_admin, scene.project, is_admin=True)
    grant_project(environment_admin, scene.project, VIEW_PROJECT)
    grant_environment(environment_admin, scene.environment, is_admin=True)
    return {
        "nobody": AdminClient(),
        "outsider": api.as_user(outsider),
        "foreign key": api.with_key(make_master_api_key(elsewhere)[1]),
        "member": api.as_user(_member(scene)),
        "plain key": api.with_key(make_master_api_key(organisation, is_admin=False)[1]),
        "environment admin": api.as_user(environment_admin),
        "project admin": api.as_user(project_admin),
        "admin": api,
        "key": api.with_key(make_master_api_key(organisation)[1]),
    }


def _holders(scene: Scene) -> dict[str, Holder]:
    """Of every right there is; in projects and environments together with the right to view them."""
    holders: dict[str, Holder] = {}
    for permission in permissions.ORGANISATION_PERMISSIONS:
        user = _member(scene)
        OrganisationGrant.objects.create(
            organisation=scene.project.organisation, user=user, permissions=[permission.key]
        )
        holders[permission.key] = ((), scene.api.as_user(user))
    for permission in permissions.PROJECT_PERMISSIONS:
        user = _member(scene)
        grant_project(user, scene.project, VIEW_PROJECT, permission.key)
        holders[permission.key] = ((VIEW_PROJECT,), scene.api.as_user(user))
    for permission in permissions.ENVIRONMENT_PERMISSIONS:
        user = _member(scene)
        grant_project(user, scene.project, VIEW_PROJECT)
        grant_environment(user, scene.environment, VIEW_ENVIRONMENT, permission.key)
        holders[permission.key] = ((VIEW_PROJECT, VIEW_ENVIRONMENT), scene.api.as_user(user))
    return holders


def _things(scene: Scene, bystander: User) -> dict[str, Any]:
    organisation, api = scene.project.organisation, scene.api
    feature, segment = scene.feature(), scene.segment()
    key = scene.environment.api_key
    override = json_of(
        api.post(
            f"environments/{key}/features/{feature.pk}/create-segment-override/",
            {"feature_segment": {"segment": segment.pk}, "enabled": True, "feature_state_value": {}},
        ),
        201,
    )
    InviteLink.objects.create(organisation=organisation, hash="link")
    make_oauth_application()
    option = MultivariateOption.objects.create(feature=feature, string_value="blue", default_percentage_allocation=0)
    server_key = json_of(api.post(f"environments/{key}/api-keys/", {"name": "server"}), 201)
    group = json_of(api.post(f"organisations/{organisation.pk}/groups/", {"name": "Ops"}), 201)
    json_of(api.post(f"organisations/{organisation.pk}/groups/{group['id']}/add-users/", {"user_ids": [bystander.pk]}))
    field = MetadataField.objects.create(organisation=organisation, name="owner")
    model_field = MetadataModelField.objects.create(field=field, content_type=ContentType.FEATURE)
    return {
        "field_id": field.pk,
        "model_field_id": model_field.pk,
        "organisation": organisation.pk,
        "organisation_id": organisation.pk,
        "project": scene.project.pk,
        "project_id": scene.project.pk,
        "environment": scene.environment.pk,
        "environment_id": scene.environment.pk,
        "environment_key": key,
        "api_key": key,
        "feature": feature.pk,
        "feature_id": feature.pk,
        "segment": segment.pk,
        "segment_id": segment.pk,
        "option_id": option.pk,
        "link_id": override["feature_segment"]["id"],
        "state_id": override["id"],
        "user_id": bystander.pk,
        "group_id": group["id"],
        "import_id": LaunchDarklyImport.objects.create(project=scene.project, completed_at=timezone.now()).pk,
        "export_id": FeatureExport.objects.create(environment=scene.environment, status="SUCCESS", content="[]").pk,
        "key_id": server_key["id"],
        "tag_id": Tag.objects.create(project=scene.project, label="beta").pk,
        "invite_id": Invite.objects.create(organisation=organisation, email=INVITED, hash="invite").pk,
        "relationship_id": make_trust_relationship(organisation).pk,
        "prefix": make_master_api_key(organisation)[0].prefix,
        "record_id": AuditRecord.objects.order_by("pk").values_list("pk", flat=True).first() or 1,
        "resource_id": ExternalResource.objects.create(
            feature=feature, url="https://gitlab.com/a/b/-/issues/1", type="GITLAB_ISSUE"
        ).pk,
        "method": "app",
        "uid": "x",
        "token": "x",
    }


def _by_route(scene: Scene, bystander: User, things: dict[str, Any]) -> ByRoute:
    organisation, project, environment = scene.project.organisation, scene.project, scene.environment
    levels: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("organisations/<str:place>/", organisation.pk, OrganisationGrant, {"organisation": organisation}),
        ("projects/<id:place>/", project.pk, ProjectGrant, {"project": project}),
        ("environments/<str:place>/", environment.api_key, EnvironmentGrant, {"environment": environment}),
    ]
    found: ByRoute = [
        ("users/join/", {"secret": "invite"}),
        ("users/join/link/", {"secret": "link"}),
        ("organisations/<str:organisation>/invite-links/", {"link_id": InviteLink.objects.get().pk}),
        ("projects/<id:project_id>/tags/", {"uuid": Tag.objects.get().uuid}),
    ]
    for beginning, place_id, grant, place in levels:
        of_user = grant.objects.create(**place, user=bystander)
        of_group = grant.objects.create(**place, group_id=things["group_id"])
        found.append((beginning, {"place": place_id}))
        found.append((f"{beginning}user-permissions/", {"grant_id": of_user.pk}))
        found.append((f"{beginning}user-group-permissions/", {"grant_id": of_group.pk}))
    HealthProvider.objects.create(project=project, name="Webhook")
    told = HealthEvent.objects.create(
        feature=Feature.objects.get(), provider_name="Webhook", type="UNHEALTHY", created_at=timezone.now()
    )
    found.append(("projects/<id:project_id>/feature-health/", {"name": "Webhook", "event_id": told.pk}))
    named: dict[str, Any] = {
        "organisations": organisation,
        "projects": project,
        "environments": environment,
        "features": Feature.objects.get(),
        "segments": Segment.objects.get(),
        "multivariate/options": MultivariateOption.objects.get(),
        "features/featurestates": FeatureState.objects.get(pk=things["state_id"]),
        "features/feature-segments": FeatureSegment.objects.get(),
    }
    found.extend((f"{beginning}/get-by-uuid/", {"uuid": thing.uuid}) for beginning, thing in named.items())
    default = scene.default(named["features"])
    found.append(("environments/<str:environment_key>/featurestates/", {"state_id": default.pk}))
    version = FeatureVersion.objects.create(environment=environment, feature=named["features"])
    of_version = FeatureState.objects.create(
        environment=environment, feature=named["features"], feature_version=version, version=None
    )
    found.append(("environments/<id:environment_id>/features/", {"uuid": version.pk, "state_id": of_version.pk}))
    found.append(("environment-feature-versions/", {"uuid": version.pk}))
    hooks: list[tuple[str, dict[str, Any]]] = [
        ("organisations/<str:organisation>/webhooks/", {"organisation": organisation}),
        ("environments/<str:api_key>/webhooks/", {"environment": environment}),
    ]
    for beginning, owner in hooks:
        webhook = Webhook.objects.create(url="https://example.com/", **owner)
        delivery = WebhookDelivery.objects.create(webhook=webhook, event_type="FLAG_UPDATED", body="{}")
        found.append((beginning, {"webhook_id": webhook.pk, "delivery_id": delivery.pk}))
    return found + _integrations(organisation, project, environment)


_SETTINGS = {
    "github": {"installation_id": "1"},
    "gitlab": {"gitlab_instance_url": "http://127.0.0.1:9", "access_token": "k"},
}
"""Of integrations that are asked what there is to choose from; nothing answers there."""


def _integrations(*places: Any) -> ByRoute:
    """One of each kind in each place."""
    found: ByRoute = []
    of_places = (integrations.ORGANISATION, integrations.PROJECT, integrations.ENVIRONMENT)
    for place, level in zip(places, of_places, strict=True):
        for kind in integrations.FORMS[level]:
            integration = Integration.objects.create(
                kind=kind, settings=_SETTINGS.get(kind, {"api_key": "k"}), **{type(place).__name__.lower(): place}
            )
            if kind == "github":
                repository = GithubRepository.objects.create(
                    integration=integration, project=places[1], repository_owner="a", repository_name="b"
                )
                found.append((f"{level.route}github/", {"repository_id": repository.pk}))
            delivery = WebhookDelivery.objects.create(integration=integration, event_type="FEATURE", body="{}")
            ids = {"integration_id": integration.pk, "delivery_id": delivery.pk}
            found.append((f"{level.route}{kind}/", ids))
    return found
