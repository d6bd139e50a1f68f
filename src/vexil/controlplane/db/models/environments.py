import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone

from vexil.wire.keys import new_client_key, new_server_key

from .deletion import SoftDeletable
from .projects import Project


class Environment(SoftDeletable):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="environments")
    name = models.CharField(max_length=2000)
    api_key = models.CharField(max_length=100, unique=True, default=new_client_key)
    """The client key. It also names the environment in the Admin API's paths."""
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    created_date = models.DateTimeField(auto_now_add=True)
    minimum_change_request_approvals = models.IntegerField(null=True, blank=True)
    allow_client_traits = models.BooleanField(default=True)
    banner_text = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    banner_colour = models.CharField(max_length=7, null=True, blank=True)  # noqa: DJ001 -- null is on the wire
    hide_disabled_flags = models.BooleanField(null=True, blank=True)
    use_identity_composite_key_for_hashing = models.BooleanField(default=True)
    hide_sensitive_data = models.BooleanField(default=False)
    use_v2_feature_versioning = models.BooleanField(default=False)
    use_identity_overrides_in_local_eval = models.BooleanField(default=True)

    version = models.BigIntegerField(default=0)
    """Raised by every change that the data plane must see; the snapshot carries it."""
    updated_at = models.DateTimeField(default=timezone.now)
    """Time of that change; two versions never share a second, since clients compare whole seconds."""


class ServerKey(models.Model):
    """A key for servers: sees server-only features and may read the environment document."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="server_keys")
    key = models.CharField(max_length=100, unique=True, default=new_server_key)
    name = models.CharField(max_length=100)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def is_usable(self, now: datetime) -> bool:
        return self.active and (self.expires_at is None or self.expires_at > now)


class DeletedServerKey(models.Model):
    """What is left of a deleted server key, so that who still sends it is told that it was deleted."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="deleted_server_keys")
    digest = models.CharField(max_length=32)
    deleted_at = models.DateTimeField(auto_now_add=True)
