"""Environment keys: what they look like and how new ones are made (sdk-api.md §1.2)."""

import secrets

SERVER_KEY_PREFIX = "ser."
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 22


def new_client_key() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


def new_server_key() -> str:
    return SERVER_KEY_PREFIX + new_client_key()


def is_server_key(key: str) -> bool:
    return key.startswith(SERVER_KEY_PREFIX)
