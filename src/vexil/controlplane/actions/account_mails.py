"""Mails about somebody's own account, and what their links do.

Whoever asks never learns from the answer whether an address has an account.
"""

from django.conf import settings
from django.db import transaction

from vexil.controlplane.actions import events, mail
from vexil.controlplane.db import throttles
from vexil.controlplane.db.models import User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import account_links, password_links
from vexil.rates import Rate


def mail_password_link(email: str, *, site: str) -> None:
    """To an active account of that address, and not too often."""
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    if user is None or _has_had_enough("password_reset_mail", user):
        return
    link = password_links.url_for(user, base_url=site)
    _send(user.email, "Choose a new password", f"To choose a new password for {user.email}, open {link}")


def mail_activation(user: User, *, site: str) -> None:
    link = f"{site}/activate/{account_links.ending(user, account_links.ACTIVATION)}"
    _send(user.email, "Activate your account", f"To activate your account, open {link}")


def mail_activation_again(email: str, *, site: str) -> None:
    user = User.objects.filter(email=email.lower(), is_active=False).first()
    if user and not _has_had_enough("activation_mail", user):
        mail_activation(user, site=site)


def mail_address_link(email: str, *, site: str) -> None:
    """A link with which the owner of an address moves the account to another one."""
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    if user is None or _has_had_enough("email_reset_mail", user):
        return
    link = f"{site}/email/reset/confirm/{account_links.ending(user, account_links.NEW_ADDRESS)}"
    _send(user.email, "Change your e-mail address", f"To give your account another e-mail address, open {link}")


def mail_address_changed(old_address: str) -> None:
    """A warning, in case somebody else did it."""
    body = "Your account has another e-mail address now. If that was not you, tell your administrator."
    _send(old_address, "Your e-mail address has been changed", body)


@transaction.atomic
def activate(user: User) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])
    events.record(Actor(user=user), "user.activated", user.pk, scope=None)


def _has_had_enough(kind: str, user: User) -> bool:
    ours = settings.VEXIL
    rate = Rate(ours.password_reset_mails_max, ours.password_reset_mail_seconds)
    return bool(throttles.seconds_to_wait(f"{kind}:user:{user.pk}", rate))


def _send(to: str, subject: str, text: str) -> None:
    mail.send_later(to=to, subject=subject, body=f"{text}\n")
