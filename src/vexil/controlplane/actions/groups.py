"""Groups of members: who is in them and who leads them."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events, locks
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Group, GroupMembership, Organisation, User
from vexil.controlplane.permissions import Actor


class ExternalIdTaken(Refused):
    """Another group of the organisation has this external id."""


class NoMember(Exception):
    """Somebody who is to be in a group does not belong to the organisation."""


@transaction.atomic
def create(organisation: Organisation, *, by: Actor, **fields: Any) -> Group:
    _check_external_id(organisation.pk, fields.get("external_id"))
    group = Group.objects.create(organisation=organisation, **fields)
    events.record(by, "group.created", group.pk, scope=organisation, after=facts(group))
    return group


@transaction.atomic
def update(group: Group, *, by: Actor, **changes: Any) -> Group:
    _check_external_id(group.organisation_id, changes.get("external_id"), other_than=group)
    before = facts(group)
    for name, value in changes.items():
        setattr(group, name, value)
    group.save(update_fields=list(changes))
    events.record(by, "group.updated", group.pk, scope=group.organisation, before=before, after=facts(group))
    return group


@transaction.atomic
def delete(group: Group, *, by: Actor) -> None:
    """What was granted to the group goes with it."""
    events.record(by, "group.deleted", group.pk, scope=group.organisation, before=facts(group))
    group.delete()


@transaction.atomic
def add_users(group: Group, user_ids: Collection[int], *, by: Actor) -> None:
    locks.lock_organisation(group.organisation_id)  # nobody leaves it meanwhile and keeps the group
    before = facts(group)
    users = User.objects.filter(pk__in=user_ids, memberships__organisation=group.organisation)
    if len(users) < len(set(user_ids)):
        # compat: the two blanks are the reference's.
        raise NoMember("Users  do not exist in this organisation")
    group.users.add(*users)
    events.record(by, "group.users_changed", group.pk, scope=group.organisation, before=before, after=facts(group))


@transaction.atomic
def remove_users(group: Group, user_ids: Collection[int], *, by: Actor) -> None:
    locks.lock_organisation(group.organisation_id)
    before = facts(group)
    GroupMembership.objects.filter(group=group, user_id__in=user_ids).delete()
    events.record(by, "group.users_changed", group.pk, scope=group.organisation, before=before, after=facts(group))


@transaction.atomic
def set_admin(membership: GroupMembership, *, is_admin: bool, by: Actor) -> None:
    """Let a member lead the group, or not any more."""
    group = membership.group
    before = facts(group)
    membership.is_group_admin = is_admin
    membership.save(update_fields=["is_group_admin"])
    events.record(by, "group.admins_changed", group.pk, scope=group.organisation, before=before, after=facts(group))


def join_defaults(user: User, organisation: Organisation) -> None:
    """Put a new member into the groups that everybody is in."""
    for group in Group.objects.filter(organisation=organisation, is_default=True):
        group.users.add(user)


def facts(group: Group) -> dict[str, Any]:
    """What an event tells of a group."""
    members = list(GroupMembership.objects.filter(group=group).order_by("user_id"))
    return {
        "name": group.name,
        "is_default": group.is_default,
        "external_id": group.external_id,
        "users": [member.user_id for member in members],
        "admins": [member.user_id for member in members if member.is_group_admin],
    }


def _check_external_id(organisation_id: int, external_id: str | None, *, other_than: Group | None = None) -> None:
    """Raise `ExternalIdTaken`. The organisation stays locked, so that nobody takes the id meanwhile."""
    if external_id is None:
        return
    locks.lock_organisation(organisation_id)
    namesake = Group.objects.filter(organisation_id=organisation_id, external_id=external_id).first()
    if namesake is not None and namesake != other_than:
        raise ExternalIdTaken("A group with this external id already exists.", "external_id")
