"""The first administrator, organisation and project of an empty installation."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from vexil.controlplane.actions import (
    environments,
    events,
    feature_states,
    features,
    organisations,
    projects,
    users,
)
from vexil.controlplane.actions.feature_states import Change
from vexil.controlplane.actions.features import NewFeature
from vexil.controlplane.db.models import Environment, FeatureState, Organisation, Project, User
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import password_links

FIRST_ENVIRONMENTS = ("Development", "Production")
DEMO_FEATURE = "demo_button"

_LOCK_NUMBER = 0x5645_5849


class UsersExist(Exception):
    """There is somebody already, so nobody is first."""


def bootstrap(*, base_url: str) -> list[str]:
    """Take the steps of ALLOW_ADMIN_INITIATION_VIA_CLI that are still due; the lines to be printed of it.

    Three independent steps, each skipped when there is, or ever was, something of its kind.
    """
    ours = settings.VEXIL
    if not ours.allow_admin_initiation_via_cli:
        return []
    return [
        *_first_administrator(ours.admin_email, base_url),
        *_first_organisation(ours.organisation_name, ours.admin_email),
        *_first_project(ours.project_name, ours.organisation_name),
    ]


def initiate_administrator(*, base_url: str) -> str:
    """The first superuser, without password: the link for choosing one. Raise `UsersExist`."""
    user = _only_administrator(settings.VEXIL.admin_email)
    if user is None:
        raise UsersExist
    return password_links.url_for(user, base_url=base_url)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What somebody types into the first page of an empty installation."""

    email: str
    password: str
    first_name: str
    last_name: str
    organisation: str
    project: str


@transaction.atomic
def begin(beginning: Beginning) -> tuple[User, Environment]:
    """The first administrator with an organisation, a project and a flag to try; its first environment.

    Raise `UsersExist`, `WeakPassword` or `Refused`; then nothing is made.
    """
    _wait_for_others()
    if User.objects.exists():
        raise UsersExist
    names = {"first_name": beginning.first_name, "last_name": beginning.last_name}
    users.check_password(beginning.password, User(email=beginning.email, **names), field="password")
    user = _create(beginning.email, beginning.password, **names)
    by = Actor(user=user)
    organisation = organisations.create(name=beginning.organisation, by=by)
    return user, start_project(organisation, beginning.project, by=by)


@transaction.atomic
def start_project(organisation: Organisation, name: str, *, by: Actor) -> Environment:
    """A project with Development and Production and a flag that is on in the first; that environment."""
    project = projects.create(organisation, name=name, by=by)
    development, _ = [environments.create(project, name=environment, by=by) for environment in FIRST_ENVIRONMENTS]
    demo = NewFeature(
        DEMO_FEATURE, initial_value="Hello!", description="Try it: switch it, change its value, delete it."
    )
    feature = features.create(project, demo, by=by)
    state = FeatureState.live.get(environment=development, feature=feature)
    feature_states.update(state, Change(enabled=True), by=by)
    return development


@transaction.atomic
def create_administrator(
    email: str, password: str | None = None, *, first_name: str = "", last_name: str = "", base_url: str
) -> list[str]:
    """A superuser beside whoever there is; the lines to be printed. Raise `EmailTaken` or `WeakPassword`."""
    if User.objects.filter(email=email.strip().lower()).exists():
        raise users.EmailTaken("A user with this e-mail address exists already.", field="email")
    if password is not None:
        users.check_password(password, User(email=email), field="password")
    user = _create(email, password, first_name=first_name, last_name=last_name)
    created = f'Superuser "{user.email}" created successfully.'
    return [created] if password is not None else [created, _choose_password(user, base_url)]


def _first_administrator(email: str, base_url: str) -> list[str]:
    user = _only_administrator(email)
    if user is None:
        return []
    return [f'Superuser "{user.email}" created successfully.', _choose_password(user, base_url)]


@transaction.atomic
def _first_organisation(name: str, admin_email: str) -> list[str]:
    _wait_for_others()
    admin = User.objects.filter(email=admin_email.strip().lower()).first()
    if admin is None or Organisation.objects.exists():
        return []
    organisations.create(name=name, by=Actor(user=admin))
    return [f'Organisation "{name}" created successfully.']


@transaction.atomic
def _first_project(name: str, organisation_name: str) -> list[str]:
    _wait_for_others()
    organisation = Organisation.live.filter(name=organisation_name).order_by("pk").first()
    if organisation is None or Project.objects.exists():
        return []
    projects.create(organisation, name=name, by=SYSTEM)
    return [f'Project "{name}" created successfully.']


@transaction.atomic
def _only_administrator(email: str) -> User | None:
    """A superuser without password; None when there is any user at all."""
    _wait_for_others()
    return None if User.objects.exists() else _create(email, None)


def _create(email: str, password: str | None, **names: str) -> User:
    user = User.objects.create_superuser(email, password, **names)
    events.record(SYSTEM, "user.created", user.pk, scope=None)
    return user


def _choose_password(user: User, base_url: str) -> str:
    return f"Please go to the following page and choose a password: {password_links.url_for(user, base_url=base_url)}"


def _wait_for_others() -> None:
    """Nodes that start together take these steps one after the other; SQLite's transactions do anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])
