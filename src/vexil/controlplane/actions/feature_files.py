"""Exports and imports of an environment's features: asked for here, done later by the task runner."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from vexil.controlplane.actions import events, feature_imports
from vexil.controlplane.actions.feature_imports import UnfitFile
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import Environment, FeatureExport, FeatureImport
from vexil.controlplane.db.models.feature_files import FileStatus
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import feature_files as queries
from vexil.metrics import tasks
from vexil.wire import json_text

KEPT = timedelta(days=14)
GIVEN_UP_AFTER = timedelta(minutes=10)

F = TypeVar("F", FeatureExport, FeatureImport)


class StillImporting(Refused):
    """Another import into the environment is not finished."""


@transaction.atomic
def request_export(environment: Environment, tag_ids: Sequence[int], *, by: Actor) -> FeatureExport:
    export = FeatureExport.objects.create(
        environment=environment, tag_ids=list(tag_ids), user=by.user, master_api_key=by.master_api_key
    )
    events.record(by, "feature_export.requested", export.pk, scope=environment, after={"tags": export.tag_ids})
    tasks.enqueued(tasks.FEATURE_EXPORT)
    return export


@transaction.atomic
def request_import(environment: Environment, content: str, *, strategy: str, by: Actor) -> FeatureImport:
    """Raise `StillImporting` where one is under way."""
    fields = {"strategy": strategy, "content": content, "user": by.user, "master_api_key": by.master_api_key}
    try:
        with transaction.atomic():
            wanted = FeatureImport.objects.create(environment=environment, **fields)
    except IntegrityError:
        raise StillImporting("Can't import features, since already processing a feature import.") from None
    events.record(by, "feature_import.requested", wanted.pk, scope=environment, after={"strategy": strategy})
    tasks.enqueued(tasks.FEATURE_IMPORT)
    return wanted


def take(kind: type[F], *, now: datetime) -> F | None:
    """The next one that nobody works on yet; it is the caller's from now on."""
    waiting = kind.objects.filter(status=FileStatus.PROCESSING, taken_at=None).order_by("pk")
    for pk in waiting.values_list("pk", flat=True)[:10]:
        if waiting.filter(pk=pk).update(taken_at=now):
            rows = kind.objects.select_related("environment__project__organisation", "user", "master_api_key")
            return rows.get(pk=pk)
    return None


def write_export(export: FeatureExport) -> None:
    """Fill the file; what goes wrong is raised, and `fail` is the caller's."""
    items = queries.items(export.environment, export.tag_ids, now=timezone.now())
    unfinished = FeatureExport.objects.filter(pk=export.pk, status=FileStatus.PROCESSING)
    unfinished.update(status=FileStatus.SUCCESS, content=json_text.dumps(items).decode())


@transaction.atomic
def read_import(wanted: FeatureImport) -> None:
    """Do all that the file asks for, or raise `UnfitFile` or a refusal and change nothing."""
    by = Actor(user=wanted.user, master_api_key=wanted.master_api_key)
    feature_imports.apply(wanted.environment, wanted.content, strategy=wanted.strategy, by=by)
    unfinished = FeatureImport.objects.filter(pk=wanted.pk, status=FileStatus.PROCESSING)
    if not unfinished.update(status=FileStatus.SUCCESS, content=""):
        raise UnfitFile("The import took too long and was given up.")


def fail(file: FeatureExport | FeatureImport, reason: str) -> None:
    files = type(file).objects.filter(pk=file.pk, status=FileStatus.PROCESSING)
    files.update(status=FileStatus.FAILED, error=reason)


def clean_up(*, now: datetime) -> None:
    """Give up what takes too long, and forget what is old."""
    for kind in (FeatureExport, FeatureImport):
        stuck = kind.objects.filter(status=FileStatus.PROCESSING, created_at__lt=now - GIVEN_UP_AFTER)
        stuck.update(status=FileStatus.FAILED, error="It took longer than 10 minutes and was given up.")
        kind.objects.filter(created_at__lt=now - KEPT).delete()
