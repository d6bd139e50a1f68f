"""Accounts: signing up, changing and deleting one's own."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.authtoken.models import Token

from vexil.controlplane.actions import account_mails, events, organisations
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Membership, Organisation, User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import invites


class SignUpClosed(Exception):
    """This installation takes no new accounts in this way."""


class EmailTaken(Refused):
    """Another account has this address."""


class NotTheFirst(Refused):
    """Only the very first account may make itself superuser."""


class WeakPassword(Exception):
    """The password breaks the policy; `messages` says how."""

    def __init__(self, messages: list[str], field: str) -> None:
        super().__init__(messages)
        self.messages = messages
        self.field = field


@transaction.atomic
def sign_up(
    *, email: str, password: str, superuser: bool = False, invite_hash: str = "", **fields: Any
) -> tuple[User, str]:
    """A new account and its token."""
    check_sign_up_is_open(email, invite_hash)
    if User.objects.filter(email=email.lower()).exists():
        raise EmailTaken("Email already exists. Please log in.", field="email")
    check_password(password, User(email=email, **fields), field="password")
    if superuser and User.objects.exists():
        # compat: the two blanks are the reference's.
        raise NotTheFirst(
            "A superuser can only be created through this  endpoint if no other users exist.", field="superuser"
        )
    create = User.objects.create_superuser if superuser else User.objects.create_user
    try:
        with transaction.atomic():
            is_active = superuser or not settings.VEXIL.enable_email_activation
            user = create(email, password, is_active=is_active, **fields)
    except IntegrityError:
        raise EmailTaken("Email already exists. Please log in.", field="email") from None
    events.record(Actor(user=user), "user.created", user.pk, scope=None, after=facts(user))
    return user, token_of(user)


def check_sign_up_is_open(email: str, invite_hash: str) -> None:
    """Raise `SignUpClosed`. An installation that takes nobody else takes those who are invited."""
    ours = settings.VEXIL
    if ours.prevent_email_password:
        raise SignUpClosed("Sign-up is disabled for this installation.")
    check_registration_is_open(email, invite_hash)


def check_registration_is_open(email: str, invite_hash: str) -> None:
    """The same for those whom an identity provider sends, who choose no password."""
    ours = settings.VEXIL
    if ours.allow_registration_without_invite and not ours.prevent_signup:
        return
    if invites.is_expected(email, invite_hash, now=timezone.now()):
        return
    if ours.prevent_signup:
        raise SignUpClosed("Sign-up is disabled for this installation.")
    raise SignUpClosed("User registration without an invite is disabled for this installation.")


def check_password(password: str, user: User, *, field: str) -> None:
    """Raise `WeakPassword` for one that the policy forbids."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(error.messages, field) from None


def token_of(user: User) -> str:
    """The user's token: one for all sessions, made at the first log-in and again after a log-out."""
    return str(Token.objects.get_or_create(user=user)[0].key)


def delete_token(user: User) -> None:
    Token.objects.filter(user=user).delete()


@transaction.atomic
def update(user: User, *, by: Actor, **changes: Any) -> User:
    """Change names and the like."""
    before = facts(user)
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    events.record(by, "user.updated", user.pk, scope=None, before=before, after=facts(user))
    return user


@transaction.atomic
def set_password(user: User, password: str, *, by: Actor) -> None:
    """Tokens stay valid; links for a new password die."""
    check_password(password, user, field="new_password")
    user.set_password(password)
    user.save(update_fields=["password"])
    events.record(by, "user.password_set", user.pk, scope=None)


@transaction.atomic
def set_email(user: User, email: str, *, by: Actor) -> None:
    taken = EmailTaken("Feature flag admin user with this email already exists.", field="new_email")
    if User.objects.filter(email=email.lower()).exclude(pk=user.pk).exists():
        raise taken
    before = facts(user)
    old_address, user.email = user.email, email.lower()
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        raise taken from None
    events.record(by, "user.email_set", user.pk, scope=None, before=before, after=facts(user))
    account_mails.mail_address_changed(old_address)


@transaction.atomic
def merge_onboarding(user: User, changes: dict[str, Any]) -> None:
    """What is known of a person's first steps; each key that is given replaces the whole of that key."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    before = locked.onboarding or {}
    locked.onboarding = {**before, **changes}
    locked.save(update_fields=["onboarding"])
    by = Actor(user=user)
    events.record(by, "user.onboarded", user.pk, scope=None, before=before, after=locked.onboarding)


def note_login(user: User, *, now: datetime) -> None:
    """Keep when the user was last here, to within LAST_LOGIN_UPDATE_THRESHOLD_MINUTES."""
    threshold = timedelta(minutes=settings.VEXIL.last_login_update_minutes)
    if user.last_login is None or now - user.last_login >= threshold:
        user.last_login = now
        user.save(update_fields=["last_login"])


@transaction.atomic
def delete(user: User, *, delete_orphan_organisations: bool, by: Actor) -> None:
    """Delete the account, on request with the organisations that have nobody else."""
    if delete_orphan_organisations:
        for organisation in Organisation.live.filter(memberships__user=user):
            if not Membership.objects.filter(organisation=organisation).exclude(user=user).exists():
                organisations.delete(organisation, by=by)
    events.record(by, "user.deleted", user.pk, scope=None, before=facts(user))
    user.delete()


def facts(user: User) -> dict[str, Any]:
    """What an event tells of an account."""
    names = ("email", "first_name", "last_name", "sign_up_type", "auth_type", "is_active", "is_superuser")
    return {name: getattr(user, name) for name in names}
