"""What operators look at: work that waits, and whether what SDKs are served is what people last saved."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from vexil.controlplane.db import stores
from vexil.controlplane.db.models import Environment, RecurringJob
from vexil.controlplane.db.models.webhooks import DeliveryStatus, WebhookDelivery
from vexil.controlplane.queries import environments
from vexil.stores.workers import WorkerReport
from vexil.told_errors import KEPT, added
from vexil.wire.errors import CATALOGUE

RECENT = timedelta(hours=24)
SILENT, GONE = timedelta(seconds=30), timedelta(minutes=5)
"""Processes tell of themselves every ten seconds."""
SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Messages to webhooks and integrations; `due_since` is when the oldest of the due ones should have gone."""

    due: int
    due_since: datetime | None
    retried_later: int
    failed_recently: int


@dataclass(frozen=True, slots=True)
class Worker:
    report: WorkerReport
    is_silent: bool
    """Stopped, killed, or without a database."""


@dataclass(frozen=True, slots=True)
class Told:
    """An error that clients were told of; `code` and `title` are the catalogue's."""

    code: str
    title: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """One environment's snapshot: served are the changes up to `version`, the last was made at `changed_at`."""

    environment: Environment
    version: int | None
    changed_at: datetime

    @property
    def is_behind(self) -> bool:
        return self.version is None or self.version < self.environment.version


def workers(now: datetime) -> tuple[list[Worker], list[Told]]:
    """The processes that answer or have just gone, and what all told clients of, the most frequent first.

    One look at the store.
    """
    reports = stores.current().workers.reports()
    since = now - KEPT
    errors = added(report.errors for report in reports if report.told_at > since)
    told = [
        Told(code, CATALOGUE[code].title if code in CATALOGUE else "", *found)
        for code, found in errors.items()
        if found.last_at > since
    ]
    told.sort(key=lambda each: (-each.times, each.code))
    shown = [Worker(report, is_silent=now - report.told_at > SILENT) for report in reports]
    return [each for each in shown if now - each.report.told_at < GONE], told


def deliveries(now: datetime) -> Deliveries:
    """One statement."""
    pending = Q(status=DeliveryStatus.PENDING)
    is_due = pending & Q(next_attempt_at__lte=now)
    found = WebhookDelivery.objects.aggregate(
        due=Count("pk", filter=is_due),
        due_since=Min("next_attempt_at", filter=is_due),
        retried_later=Count("pk", filter=pending & Q(next_attempt_at__gt=now)),
        failed_recently=Count("pk", filter=Q(status=DeliveryStatus.FAILED, finished_at__gte=now - RECENT)),
    )
    return Deliveries(**found)


def next_job_at() -> datetime | None:
    """When the next job on a clock is due; long past if no task runner takes it, None if none ever ran."""
    due: datetime | None = RecurringJob.objects.aggregate(due=Min("due_at"))["due"]
    return due


def served() -> tuple[list[Served], int]:
    """The environments, those behind first and then the last changed, and how many there are in all.

    One statement and one look at the store, however many there are.
    """
    published = {head.environment_id: head.version for head in stores.current().snapshots.heads()}
    rows = [Served(row, published.get(row.pk), row.updated_at) for row in environments.live()]
    rows.sort(key=lambda row: (not row.is_behind, -row.changed_at.timestamp()))
    return rows[:SHOWN_MAX], len(rows)
