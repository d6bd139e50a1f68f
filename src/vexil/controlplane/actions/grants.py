"""Granting rights to users and groups at an organisation, a project or an environment."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events, locks
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import (
    Environment,
    Group,
    Organisation,
    OrganisationGrant,
    Project,
    ProjectGrant,
    User,
)
from vexil.controlplane.permissions import Actor, AnyGrant

Place = Organisation | Project | Environment
Holder = User | Group


class GrantExists(Refused):
    """The user or group already has a grant at this place, which is to be changed instead."""


@transaction.atomic
def create(place: Place, holder: Holder, *, by: Actor, **fields: Any) -> AnyGrant:
    """`fields` are `permissions` (keys) and, but for an organisation, `is_admin`."""
    locks.lock_organisation(organisation_of(place).pk)
    _check_holder_is_free(place, holder)
    grant: AnyGrant = grants_at(place).create(**{level_of(place): place, _kind(holder): holder}, **fields)
    events.record(by, "grant.created", grant.pk, scope=place, after=facts(grant))
    return grant


@transaction.atomic
def update(grant: AnyGrant, *, by: Actor, holder: Holder | None = None, **changes: Any) -> AnyGrant:
    """Change what is granted, or to whom (a user stays a user, a group a group)."""
    place = place_of(grant)
    locks.lock_organisation(organisation_of(place).pk)
    before = facts(grant)
    if holder is not None and holder not in (grant.user, grant.group):
        _check_holder_is_free(place, holder)
        setattr(grant, _kind(holder), holder)
    for name, value in changes.items():
        setattr(grant, name, value)
    grant.save()
    events.record(by, "grant.updated", grant.pk, scope=place, before=before, after=facts(grant))
    return grant


@transaction.atomic
def put(place: Place, holder: Holder, *, is_admin: bool, permissions: Sequence[str], by: Actor) -> None:
    """All that a user or group is granted at a place from now on; nothing takes the grant away."""
    locks.lock_organisation(organisation_of(place).pk)
    grant = grants_at(place).filter(**{_kind(holder): holder}).first()
    fields: dict[str, Any] = {"permissions": list(permissions)}
    if not isinstance(place, Organisation):
        fields["is_admin"] = is_admin
    is_nothing = not (is_admin or permissions)
    if grant is None and not is_nothing:
        create(place, holder, by=by, **fields)
    elif grant is not None and is_nothing:
        delete(grant, by=by)
    elif grant is not None:
        update(grant, by=by, **fields)


@transaction.atomic
def delete(grant: AnyGrant, *, by: Actor) -> None:
    events.record(by, "grant.deleted", grant.pk, scope=place_of(grant), before=facts(grant))
    grant.delete()


def facts(grant: AnyGrant) -> dict[str, Any]:
    """What an event tells of a grant."""
    return {
        "user": grant.user_id,
        "group": grant.group_id,
        "permissions": grant.permissions,
        "is_admin": grant.is_admin,
    }


def grants_at(place: Place) -> Any:
    """The manager of a place's grants."""
    return place.grants


def level_of(place: Place) -> str:
    if isinstance(place, Organisation):
        return "organisation"
    return "project" if isinstance(place, Project) else "environment"


def organisation_of(place: Place) -> Organisation:
    if isinstance(place, Organisation):
        return place
    return place.organisation if isinstance(place, Project) else place.project.organisation


def place_of(grant: AnyGrant) -> Place:
    if isinstance(grant, OrganisationGrant):
        return grant.organisation
    return grant.project if isinstance(grant, ProjectGrant) else grant.environment


def _kind(holder: Holder) -> str:
    return "user" if isinstance(holder, User) else "group"


def _check_holder_is_free(place: Place, holder: Holder) -> None:
    kind = _kind(holder)
    if grants_at(place).filter(**{kind: holder}).exists():
        raise GrantExists(f"The fields {kind}, {level_of(place)} must make a unique set.")
