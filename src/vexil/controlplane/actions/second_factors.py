"""A person's second factor: codes of an authenticator app (TOTP, RFC 6238), and backup codes."""

import secrets
import string
from datetime import datetime
from typing import NamedTuple

import pyotp
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from vexil.controlplane.actions import events
from vexil.controlplane.db.models import SecondFactor, User
from vexil.controlplane.permissions import Actor

_ISSUER = "Flagsmith"  # compat: the name that authenticator apps have shown so far.
_STEPS_AROUND = (0, -1, 1)
_BACKUP_CODES = 5
_BACKUP_CODE_CHARACTERS = 10
_ALPHABET = string.ascii_letters + string.digits


class AlreadyActive(Exception):
    """The person has a second factor; it must be deactivated before a new one is set up."""


class NotActive(Exception):
    """The person has no second factor."""


class WrongCode(Exception):
    """Neither the app's code of this moment nor a backup code that is left."""


class Secret(NamedTuple):
    """What an authenticator app is set up with, as text and as the link of a QR code."""

    text: str
    link: str


@transaction.atomic
def begin(user: User) -> Secret:
    """A new secret, in force once a code has confirmed it."""
    factor = _locked(user)
    if factor and factor.is_active:
        raise AlreadyActive
    secret = pyotp.random_base32()
    SecondFactor.objects.update_or_create(user=user, defaults={"secret": secret})
    events.record(Actor(user=user), "second_factor.begun", user.pk, scope=None)
    return Secret(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=_ISSUER))


@transaction.atomic
def confirm(user: User, code: str, *, now: datetime) -> list[str]:
    """Activate it; the backup codes, which are not kept in readable form."""
    factor = _locked(user)
    if factor and factor.is_active:
        raise AlreadyActive
    if factor is None or _step_of(factor, code, now) is None:
        raise WrongCode
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_BACKUP_CODE_CHARACTERS)) for _ in range(_BACKUP_CODES)]
    factor.is_active, factor.backup_codes = True, [_hash(user, code) for code in codes]
    factor.save()
    events.record(Actor(user=user), "second_factor.activated", user.pk, scope=None)
    return codes


@transaction.atomic
def deactivate(user: User) -> None:
    factor = _locked(user)
    if factor is None or not factor.is_active:
        raise NotActive
    factor.delete()
    events.record(Actor(user=user), "second_factor.deactivated", user.pk, scope=None)


@transaction.atomic
def use(user: User, code: str, *, now: datetime) -> None:
    """Take a code for one log-in; `WrongCode` when it is none or was used before."""
    factor = _locked(user)
    if factor is None or not factor.is_active:
        raise WrongCode
    step = _step_of(factor, code, now)
    if step is not None and step > factor.last_step:
        factor.last_step = step
        factor.save(update_fields=["last_step"])
        return
    hashed = _hash(user, code)
    left = [kept for kept in factor.backup_codes if not constant_time_compare(kept, hashed)]
    if len(left) == len(factor.backup_codes):
        raise WrongCode
    factor.backup_codes = left
    factor.save(update_fields=["backup_codes"])
    events.record(Actor(user=user), "second_factor.backup_code_used", user.pk, scope=None)


def _locked(user: User) -> SecondFactor | None:
    return SecondFactor.objects.select_for_update().filter(user=user).first()


def _step_of(factor: SecondFactor, code: str, now: datetime) -> int | None:
    """The time step whose code this is; clocks may differ by one."""
    totp = pyotp.TOTP(factor.secret)
    current = totp.timecode(now)
    steps = (current + around for around in _STEPS_AROUND)
    return next((step for step in steps if constant_time_compare(totp.generate_otp(step), code)), None)


def _hash(user: User, code: str) -> str:
    """Enough for random codes of 59 bits, and quick."""
    return salted_hmac("vexil.backup_code", f"{user.pk}:{code}", algorithm="sha256").hexdigest()
