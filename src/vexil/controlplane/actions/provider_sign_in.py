"""Logging in, or signing up, with the word of an identity provider."""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from vexil.controlplane.actions import events, users
from vexil.controlplane.db.models import User
from vexil.controlplane.db.models.users import AuthType
from vexil.controlplane.integrations.identity_providers import Person
from vexil.controlplane.permissions import Actor


def sign_in(provider: AuthType, person: Person, *, invite_hash: str = "", **fields: Any) -> tuple[User, bool]:
    """The account with the person's address, and whether it is new.

    Raises `SignUpClosed` where an account is missing and the installation takes none.
    """
    user = User.objects.filter(email=person.email).first()
    if user is None:
        users.check_registration_is_open(person.email, invite_hash)
        try:
            return _create(provider, person, fields), True
        except IntegrityError:  # the same person came twice at once
            user = User.objects.get(email=person.email)
    _link(user, provider)
    return user, False


@transaction.atomic
def _create(provider: AuthType, person: Person, fields: dict[str, Any]) -> User:
    user: User = User.objects.create_user(
        person.email, first_name=person.first_name, last_name=person.last_name, auth_type=provider, **fields
    )
    events.record(Actor(user=user), "user.created", user.pk, scope=None, after=users.facts(user))
    return user


@transaction.atomic
def _link(user: User, provider: AuthType) -> None:
    """Remember how the person came; an account that waited for its address to be proved is proved now."""
    before = users.facts(user)
    if not user.is_active and settings.VEXIL.enable_email_activation:
        user.is_active = True
        user.set_unusable_password()  # whoever chose it has not shown that the address is theirs
    user.auth_type = provider
    if users.facts(user) != before:
        user.save(update_fields=["auth_type", "is_active", "password"])
        events.record(Actor(user=user), "user.updated", user.pk, scope=None, before=before, after=users.facts(user))
