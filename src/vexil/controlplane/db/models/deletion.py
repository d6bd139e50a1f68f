"""Soft deletion: a row with `deleted_at` stays for audit and statistics and is gone for everybody else."""

from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class LiveManager(models.Manager[M]):
    """Only rows that are not deleted."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class SoftDeletable(models.Model):
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Without an index: nearly all rows are live, and SQLite would read all of these before those of one project."""

    objects = models.Manager()
    live = LiveManager()

    class Meta:
        abstract = True


def live_unique(*fields: Any, name: str, condition: models.Q | None = None) -> models.UniqueConstraint:
    """Unique among rows that are not deleted. Fields are names, or one or more expressions."""
    live = models.Q(deleted_at__isnull=True)
    where = live if condition is None else live & condition
    if all(isinstance(field, str) for field in fields):
        return models.UniqueConstraint(fields=list(fields), condition=where, name=name)
    return models.UniqueConstraint(*fields, condition=where, name=name)
