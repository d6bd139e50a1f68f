"""An organisation's keys for scripts."""

from django.db.models import QuerySet

from vexil.controlplane.db.models import MasterAPIKey, Organisation


def usable_keys(organisation: Organisation) -> QuerySet[MasterAPIKey]:
    """Newest first, without those revoked or deleted, or of trust relationships; expired ones are shown."""
    keys = MasterAPIKey.objects.filter(
        organisation=organisation, revoked=False, deleted_at__isnull=True, trust_relationship__isnull=True
    )
    return keys.select_related("organisation").order_by("-created", "-prefix")
