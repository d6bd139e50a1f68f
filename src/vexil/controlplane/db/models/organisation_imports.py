from django.db import models
from django.utils import timezone

from .organisations import Organisation


class OrganisationImport(models.Model):
    """How far the import of one file has come; until it is finished, its organisation counts as deleted."""

    file_id = models.UUIDField(unique=True)
    """Of the file, so that an import that was stopped goes on where it was."""
    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="import_of")
    identities_done = models.BigIntegerField(default=0)
    moved_identities = models.BigIntegerField(default=0)
    """Those that needed another id in environments that hash by id: only they may get another variant."""
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
