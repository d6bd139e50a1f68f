"""Secrets that must be read again later: encrypted with a key made from the installation's own."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unsealable(Exception):
    """It was sealed with another key."""


def seal(secret: str, *, purpose: str) -> str:
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Raise `Unsealable` where the installation's key, or the purpose, is another one."""
    try:
        return _box(purpose).decrypt(sealed).decode()
    except InvalidToken:
        raise Unsealable from None


def _box(purpose: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"vexil sealing {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
