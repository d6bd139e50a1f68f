from django.db import models

from .organisations import Organisation


class UsageNotice(models.Model):
    """That an organisation was told how much of its allowance is used."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="usage_notices")
    percent_usage = models.IntegerField()
    notified_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "notified_at"])]


class UsageBlock(models.Model):
    """That an organisation is blocked by its usage; a stop by hand has no such row."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="usage_block")
    blocked_at = models.DateTimeField()
    lapses_at = models.DateTimeField()


class OverageCharge(models.Model):
    """Packs of calls that were charged for one month of a term; a month may have several."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="overage_charges")
    month_starts_at = models.DateTimeField()
    packs = models.IntegerField()
    charged_at = models.DateTimeField()


class RecurringJob(models.Model):
    """When a job is to run next; whoever moves that on runs it, so that one process does."""

    name = models.CharField(max_length=100, unique=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
