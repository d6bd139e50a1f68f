"""Rows for tests, made by plain functions; each takes what matters to the test and invents the rest."""

import functools
import itertools
from typing import Any

from django.contrib.auth.hashers import make_password

from vexil.controlplane.db.models import (
    Environment,
    EnvironmentGrant,
    Feature,
    MasterAPIKey,
    Membership,
    OAuthApplication,
    Organisation,
    Project,
    ProjectGrant,
    Role,
    Subscription,
    TrustRelationship,
    User,
)

PASSWORD = "correct-Horse-7-battery"
_numbers = itertools.count(1)


def make_user(email: str = "", **fields: Any) -> User:
    """A user who can log in with `PASSWORD`. Hashing is slow, so the hash is made once."""
    names = {"first_name": "Test", "last_name": "User", **fields}
    user = User(email=email or f"user{next(_numbers)}@example.com", password=_password_hash(), **names)
    user.save()
    return user


def make_organisation(*, admin: User | None = None, member: User | None = None, **fields: Any) -> Organisation:
    organisation = Organisation.objects.create(**{"name": f"Organisation {next(_numbers)}", **fields})
    Subscription.objects.create(organisation=organisation)
    if admin:
        Membership.objects.create(organisation=organisation, user=admin, role=Role.ADMIN)
    if member:
        Membership.objects.create(organisation=organisation, user=member, role=Role.USER)
    return organisation


def make_project(organisation: Organisation | None = None, **fields: Any) -> Project:
    return Project.objects.create(
        organisation=organisation or make_organisation(), **{"name": f"Project {next(_numbers)}", **fields}
    )


def make_environment(project: Project | None = None, **fields: Any) -> Environment:
    """A row only: it has no feature states and is not published."""
    return Environment.objects.create(
        project=project or make_project(), **{"name": f"Environment {next(_numbers)}", **fields}
    )


def make_feature(project: Project | None = None, **fields: Any) -> Feature:
    """A row only: it has no feature states."""
    return Feature.objects.create(project=project or make_project(), **{"name": f"feature_{next(_numbers)}", **fields})


def make_master_api_key(organisation: Organisation, **fields: Any) -> tuple[MasterAPIKey, str]:
    """The row, and the key as its holder writes it."""
    return MasterAPIKey.objects.create_key(organisation=organisation, **{"name": "key", **fields})


def grant_project(user: User, project: Project, *permissions: str, is_admin: bool = False) -> ProjectGrant:
    return ProjectGrant.objects.create(user=user, project=project, permissions=list(permissions), is_admin=is_admin)


def grant_environment(
    user: User, environment: Environment, *permissions: str, is_admin: bool = False
) -> EnvironmentGrant:
    return EnvironmentGrant.objects.create(
        user=user, environment=environment, permissions=list(permissions), is_admin=is_admin
    )


@functools.cache
def _password_hash() -> str:
    return make_password(PASSWORD)


def make_trust_relationship(organisation: Organisation, **fields: Any) -> TrustRelationship:
    its_own = {"name": "ci", "issuer": "https://issuer.example.com", "audience": "flags", **fields}
    key = make_master_api_key(organisation)[0]
    return TrustRelationship.objects.create(organisation=organisation, master_api_key=key, **its_own)


def make_oauth_application(**fields: Any) -> OAuthApplication:
    """The command line's, as the migration makes it."""
    its_own = {"client_id": "flagsmith-cli", "name": "Flagsmith CLI", "is_verified": True}
    uris = ["http://127.0.0.1/callback", "http://[::1]/callback"]
    return OAuthApplication.objects.create(**{**its_own, "redirect_uris": uris, **fields})
