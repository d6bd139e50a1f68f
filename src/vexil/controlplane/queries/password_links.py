"""Links for choosing a password: single use, since they die when the password changes."""

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from vexil.controlplane.db.models import User


def path_for(user: User) -> str:
    """The link's path, to be put behind the site's address."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"/password-reset/confirm/{uid}/{default_token_generator.make_token(user)}"


def user_of_uid(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except ValueError:
        return None
    return User.objects.filter(pk=pk).first()


def is_valid(user: User, token: str) -> bool:
    return default_token_generator.check_token(user, token)
