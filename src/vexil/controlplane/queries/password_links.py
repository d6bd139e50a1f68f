"""Links for choosing a password: single use, since they die when the password changes."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from vexil.controlplane.db.models import User


def url_for(user: User, *, base_url: str) -> str:
    """The link for a user; `base_url` is where this server was reached."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{site(base_url)}/password-reset/confirm/{uid}/{default_token_generator.make_token(user)}"


def site(base_url: str) -> str:
    """The address that people use: FLAGSMITH_DOMAIN when that is set."""
    domain = settings.VEXIL.domain
    return (base_url if not domain else domain if "://" in domain else f"https://{domain}").rstrip("/")


def user_of_uid(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except ValueError:
        return None
    return User.objects.filter(pk=pk).first()


def is_valid(user: User, token: str) -> bool:
    return default_token_generator.check_token(user, token)
