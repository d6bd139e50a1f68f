import secrets

from django.db import models
from rest_framework_api_key.models import AbstractAPIKey

from .organisations import Organisation
from .users import User


def new_public_id() -> str:
    return secrets.token_hex(12)


class MasterAPIKey(AbstractAPIKey):
    """A key of an organisation for scripts. Only the hash of its secret is kept (and in the primary key, so
    answers show `public_id` in its place)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="master_api_keys")
    is_admin = models.BooleanField(default=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    public_id = models.CharField(max_length=32, default=new_public_id, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
