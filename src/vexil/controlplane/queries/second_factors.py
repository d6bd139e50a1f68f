"""Who has a second factor, and the proof that somebody has passed the first."""

from django.core import signing
from django.utils.crypto import constant_time_compare

from vexil.controlplane.db.models import SecondFactor, User

_SALT = "vexil.second_factor"
_SECONDS = 300


def has_one(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, is_active=True).exists()


def first_passed_by(user: User) -> str:
    """A token that says: this person gave the right password. Worthless after a change of it."""
    return signing.dumps([user.pk, user.get_session_auth_hash()], salt=_SALT)


def who_passed_first(token: str) -> User | None:
    try:
        pk, proof = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), proof) else None
