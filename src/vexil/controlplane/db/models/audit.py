from typing import Any

from django.db import models

from vexil.controlplane.db.models.traces import Traced

from .events import Event


class ChangeType(models.TextChoices):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNKNOWN = "UNKNOWN"


class AuditRecord(Traced):
    """One line of the audit log. An event has none, one or several; they are written with it and say what it did.

    The text keeps the names of that moment. Who, where and when repeat the event's, so that lists join nothing.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="audit_records")
    created_at = models.DateTimeField()
    organisation_id = models.BigIntegerField(null=True)
    project_id = models.BigIntegerField(null=True)
    environment_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    log = models.TextField()
    related_object_type = models.CharField(max_length=32)
    related_object_id = models.BigIntegerField(null=True)
    related_object_uuid = models.UUIDField(null=True)
    change_type = models.CharField(max_length=8, choices=ChangeType.choices)
    change_details = models.JSONField(default=list)
    is_system_event = models.BooleanField(default=False)
    state_before: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    state_after: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    """A feature state or a published version, in records that tell of one; webhooks are made of them."""
    is_told = models.BooleanField(default=False)
    """Whether the deliveries to webhooks that it calls for have been written down."""

    class Meta:
        indexes = [
            models.Index(fields=["organisation_id", "-id"], name="audit_of_organisation"),
            models.Index(fields=["project_id", "-id"], name="audit_of_project"),
            models.Index(fields=["id"], name="audit_to_tell", condition=models.Q(is_told=False)),
        ]
