"""What the cookie of a logged-in browser holds: who it is, signed, and good as long as the user's token is."""

import hashlib

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare
from rest_framework.authtoken.models import Token

from vexil.controlplane.db.models import User

_SALT = "vexil.session_cookie"


def text_for(user: User, token: str) -> str:
    return signing.dumps([user.pk, _digest(token)], key=_key(), salt=_SALT)


def user_of(text: str) -> User | None:
    """None for a cookie that is forged, too old, or of before the last log-out."""
    try:
        pk, digest = signing.loads(text, key=_key(), salt=_SALT, max_age=settings.VEXIL.cookie_minutes * 60)
    except signing.BadSignature:
        return None
    token = Token.objects.select_related("user").filter(user_id=pk, user__is_active=True).first()
    if token is None or not constant_time_compare(_digest(token.key), digest):
        return None
    user: User = token.user
    return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key() -> str:
    return settings.VEXIL.cookie_signing_key or settings.SECRET_KEY
