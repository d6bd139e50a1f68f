"""Tokens of mailed links beside those for passwords: each is good for one thing, once, and for a few days."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from vexil.controlplane.db.models import User


class _Activation(PasswordResetTokenGenerator):
    """Dies when the account becomes active."""

    key_salt = "vexil.activation"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


class _NewAddress(PasswordResetTokenGenerator):
    """Dies when the address changes, which is part of what every token is made of."""

    key_salt = "vexil.new_address"


ACTIVATION: PasswordResetTokenGenerator = _Activation()
NEW_ADDRESS: PasswordResetTokenGenerator = _NewAddress()


def ending(user: User, purpose: PasswordResetTokenGenerator) -> str:
    """The last two parts of a link: who, and the token."""
    return f"{urlsafe_base64_encode(force_bytes(user.pk))}/{purpose.make_token(user)}"
