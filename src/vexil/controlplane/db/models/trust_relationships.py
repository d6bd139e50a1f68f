from typing import Any

from django.db import models

from .master_api_keys import MasterAPIKey
from .organisations import Organisation
from .users import User


class TrustRelationship(models.Model):
    """Whose tokens an organisation takes in place of a key: those of an issuer, for an audience, with these claims.

    What they open is what its key opens, whose secret nobody has ever seen.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="trust_relationships")
    name = models.CharField(max_length=100)
    issuer = models.CharField(max_length=500, db_index=True)
    audience = models.CharField(max_length=500)
    claim_rules: "models.JSONField[list[dict[str, Any]], list[dict[str, Any]]]" = models.JSONField(default=list)
    """`[{"claim": …, "values": […]}]`: each has to be met, by any of its values; `*` in one stands for any text."""
    master_api_key = models.OneToOneField(MasterAPIKey, on_delete=models.CASCADE, related_name="trust_relationship")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
