from typing import Any

from django.db import models


class Event(models.Model):
    """One thing that somebody changed. Written in the change's own transaction and never altered.

    References are plain numbers, since events outlive what they tell of.
    """

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=64)
    """Subject and past participle: `feature.created`, `feature_state.updated`."""
    organisation_id = models.BigIntegerField(null=True, db_index=True)
    project_id = models.BigIntegerField(null=True, db_index=True)
    environment_id = models.BigIntegerField(null=True, db_index=True)
    user_id = models.BigIntegerField(null=True)
    master_api_key_prefix = models.CharField(max_length=8, default="", blank=True)
    subject_id = models.CharField(max_length=64)
    before: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    after: "models.JSONField[Any, Any]" = models.JSONField(null=True)
