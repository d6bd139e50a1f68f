"""A small project to play with: what `make run` starts with."""

import secrets
from dataclasses import dataclass

from django.db import transaction

from vexil.controlplane.actions import (
    environments,
    feature_segments,
    feature_states,
    features,
    identities,
    master_api_keys,
    organisations,
    projects,
    segments,
    server_keys,
)
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.actions.multivariate import OptionFields
from vexil.controlplane.actions.segments import NewSegment
from vexil.controlplane.actions.values import of_native
from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, Feature, MasterAPIKey, Organisation, Project, User
from vexil.controlplane.permissions import Actor

EMAIL = "demo@example.com"
ORGANISATION = "Demo"
PROJECT = "Demo shop"
IDENTITY = "ada"


@dataclass(frozen=True, slots=True)
class Demo:
    """Credentials and keys of the demo project, to be printed."""

    email: str
    password: str | None
    """None when the user was there before: only its hash is known."""
    client_key: str
    server_key: str
    master_api_key: str | None
    """None when it was made before: only its hash is known."""
    project_id: int
    identity: str
    """An identity with an override."""


@transaction.atomic
def create_demo() -> Demo:
    """The demo project; what is there already stays as it is."""
    user, password = _user()
    by = Actor(user=user)
    organisation = Organisation.live.filter(name=ORGANISATION, memberships__user=user).first()
    organisation = organisation or organisations.create(name=ORGANISATION, by=by)
    project = Project.live.filter(organisation=organisation, name=PROJECT).first()
    project = project or _project(organisation, by)
    environment = Environment.live.filter(project=project).order_by("pk")[0]
    server_key = environment.server_keys.order_by("pk").first() or server_keys.create(environment, name="Demo", by=by)
    return Demo(
        email=user.email,
        password=password,
        client_key=environment.api_key,
        server_key=server_key.key,
        master_api_key=_master_api_key(organisation, by),
        project_id=project.pk,
        identity=IDENTITY,
    )


def _user() -> tuple[User, str | None]:
    user = User.objects.filter(email=EMAIL).first()
    if user is not None:
        return user, None
    password = secrets.token_urlsafe(12)
    return User.objects.create_superuser(EMAIL, password, first_name="Demo", last_name="User"), password


def _master_api_key(organisation: Organisation, by: Actor) -> str | None:
    if MasterAPIKey.objects.filter(organisation=organisation, deleted_at__isnull=True, revoked=False).exists():
        return None
    return master_api_keys.create(organisation, name="Demo", by=by)[1]


def _project(organisation: Organisation, by: Actor) -> Project:
    project = projects.create(organisation, name=PROJECT, by=by)
    development = environments.create(project, name="Development", by=by)
    environments.create(project, name="Production", by=by)
    features.create(project, NewFeature("free_delivery", initial_value="from 50 €", default_enabled=True), by=by)
    button = features.create(project, _BUTTON, by=by)
    reviews = features.create(project, NewFeature("reviews", description="On for one identity only."), by=by)
    _override_for_segment(project, development, button, by)
    _override_for_identity(development, reviews, by)
    return project


_BUTTON = NewFeature(
    "button_colour",
    initial_value="blue",
    default_enabled=True,
    description="Half of all people see another colour.",
    options=[
        OptionFields(value=of_native("green"), percentage=25.0),
        OptionFields(value=of_native("orange"), percentage=25.0),
    ],
)


def _override_for_segment(project: Project, environment: Environment, feature: Feature, by: Actor) -> None:
    condition = {"operator": "EQUAL", "property": "plan", "value": "gold", "description": None}
    rules = [{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "conditions": [condition], "rules": []}]}]
    segment = segments.create(project, NewSegment("gold_customers", rules), by=by)
    feature_segments.create_override(
        environment, feature, segment, Change(enabled=True, value=of_native("gold")), by=by
    )


def _override_for_identity(environment: Environment, feature: Feature, by: Actor) -> None:
    """The identity may be left from an earlier demo."""
    identity = stores.current().identities.find(environment.pk, IDENTITY)
    identity = identity or identities.create(environment, IDENTITY, by=by)
    feature_states.create(environment, feature, Change(enabled=True), by=by, identity=identity)
