"""What rights there are at a level, and which of them the caller has."""

from collections.abc import Iterable
from typing import Any

from rest_framework.exceptions import ValidationError

from vexil.controlplane.permissions import Actor, Permission, Rights


def described(permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    return [
        {"key": permission.key, "description": permission.description, "supports_tag": permission.supports_tag}
        for permission in permissions
    ]


def own(rights: Rights) -> dict[str, Any]:
    return {"permissions": sorted(rights.keys), "admin": rights.is_admin, "tag_based_permissions": []}


def refuse_key(actor: Actor) -> None:
    """compat: "my permissions" is for users, and a key gets 400."""
    if actor.master_api_key:
        raise ValidationError({"detail": "This endpoint can only be used with a user and not Master API Key"})
