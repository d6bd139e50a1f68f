"""Inviting people by mail and by link, and joining."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from vexil.controlplane.actions import events, groups, locks, mail, plan_limits
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Group, Invite, InviteLink, Membership, Organisation, Role, User
from vexil.controlplane.permissions import Actor


class AlreadyInvited(Refused):
    """There is an open invite for this address."""


class LinksDisabled(Exception):
    """This installation invites by mail only."""


class JoiningByLinkDisabled(Exception):
    """The same, said to somebody who has a link."""


class WrongAddress(Exception):
    """The invite is for somebody else."""


class InviteExpired(Exception):
    """The link was good for a time that is over."""


@dataclass(frozen=True, slots=True)
class NewInvite:
    email: str
    role: str = Role.USER
    groups: Sequence[Group] = ()


@transaction.atomic
def invite(organisation: Organisation, people: Sequence[NewInvite], *, by: Actor, site: str) -> list[Invite]:
    """Invite all of them and send each a mail with a link to `site`, where people use this installation."""
    locks.lock_organisation(organisation.pk)
    if people:
        plan_limits.check_seat(organisation)
    invites = [_create(organisation, person, by) for person in people]
    if invites:
        after = [{"email": row.email, "role": row.role} for row in invites]
        events.record(by, "invites.created", organisation.pk, scope=organisation, after=after)
    for row in invites:
        _send(row, site)
    return invites


@transaction.atomic
def resend(invite: Invite, *, by: Actor, site: str) -> None:
    events.record(by, "invite.resent", invite.pk, scope=invite.organisation)
    _send(invite, site)


@transaction.atomic
def delete(invite: Invite, *, by: Actor) -> None:
    before = {"email": invite.email, "role": invite.role}
    events.record(by, "invite.deleted", invite.pk, scope=invite.organisation, before=before)
    invite.delete()


@transaction.atomic
def create_link(organisation: Organisation, *, by: Actor, **fields: Any) -> InviteLink:
    check_links_are_enabled()
    link = InviteLink.objects.create(organisation=organisation, **fields)
    events.record(by, "invite_link.created", link.pk, scope=organisation, after={"role": link.role})
    return link


@transaction.atomic
def delete_link(link: InviteLink, *, by: Actor) -> None:
    events.record(by, "invite_link.deleted", link.pk, scope=link.organisation, before={"role": link.role})
    link.delete()


@transaction.atomic
def join_by_mail(invite: Invite, user: User) -> Organisation:
    """Use an invite up. Raise `WrongAddress` for anybody but the one who was invited."""
    if invite.email != user.email:
        raise WrongAddress("Registered email does not match invited email")
    invited_to = list(invite.groups.all())
    if _join(invite.organisation, user, invite.role):
        for group in invited_to:
            group.users.add(user)
    invite.delete()
    return invite.organisation


@transaction.atomic
def join_by_link(link: InviteLink, user: User, *, now: datetime) -> Organisation:
    if settings.VEXIL.disable_invite_links:
        raise JoiningByLinkDisabled("Invite links are disabled.")
    if link.expires_at is not None and link.expires_at <= now:
        raise InviteExpired("Invite has expired")
    _join(link.organisation, user, link.role)
    return link.organisation


def check_links_are_enabled() -> None:
    if settings.VEXIL.disable_invite_links:
        raise LinksDisabled("Invite links are disabled.")


def _create(organisation: Organisation, person: NewInvite, by: Actor) -> Invite:
    email = person.email.lower()
    if Invite.objects.filter(organisation=organisation, email=email).exists():
        raise AlreadyInvited(f"Invite for email {email} already exists", "email")
    row = Invite.objects.create(organisation=organisation, email=email, role=person.role, invited_by=by.user)
    row.groups.set(person.groups)
    return row


def _send(invite: Invite, site: str) -> None:
    name = invite.organisation.name
    who = invite.invited_by.email if invite.invited_by else "An administrator"
    mail.send_later(
        to=invite.email,
        subject=f"You are invited to {name}",
        body=f"{who} invites you to the organisation {name}.\n\nTo join, open {site}/invite/{invite.hash}\n",
    )


def _join(organisation: Organisation, user: User, role: str) -> bool:
    """Whether the user is new there; a member keeps the role and leaves no event."""
    locks.lock_organisation(organisation.pk)
    is_new = not Membership.objects.filter(organisation=organisation, user=user).exists()
    if is_new:
        plan_limits.check_seat(organisation)
        Membership.objects.create(organisation=organisation, user=user, role=role)
        groups.join_defaults(user, organisation)
        events.record(Actor(user=user), "membership.created", user.pk, scope=organisation, after={"role": role})
    return is_new
