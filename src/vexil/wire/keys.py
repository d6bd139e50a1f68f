"""Environment keys: what they look like and how new ones are made (sdk-api.md §1.2)."""

import secrets
from hashlib import blake2b

SERVER_KEY_PREFIX = "ser."
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 22


def new_client_key() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def new_server_key() -> str:
    return SERVER_KEY_PREFIX + new_client_key()


def digest(key: str) -> str:
    """What is remembered of a key that opens nothing any more: enough to know it again, not enough to tell it."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def is_server_key(key: str) -> bool:
    return key.startswith(SERVER_KEY_PREFIX)
