"""Where code names features: what a scan of a repository found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from vexil.controlplane.actions import events
from vexil.controlplane.actions.locks import lock_project
from vexil.controlplane.db.models import CodeReference, CodeRepository, CodeSighting, Project
from vexil.controlplane.permissions import Actor

_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """One line of code that names a feature."""

    feature_name: str
    file_path: str
    line_number: int


@dataclass(frozen=True, slots=True)
class Scan:
    repository_url: str
    vcs_provider: str
    revision: str
    found: Sequence[Found]
    """All that there is in the repository: what it leaves out is gone."""


@transaction.atomic
def keep_scan(project: Project, scan: Scan, *, now: datetime, by: Actor) -> CodeRepository:
    """The repository as the scan saw it."""
    lock_project(project)
    present = CodeRepository.objects.filter(project=project, url=scan.repository_url).first()
    repository = present or CodeRepository(project=project, url=scan.repository_url)
    before = facts(repository) if present else None
    repository.vcs_provider, repository.revision, repository.scanned_at = scan.vcs_provider, scan.revision, now
    repository.save()
    _replace(repository, scan)
    events.record(by, "code_repository.scanned", repository.pk, scope=project, before=before, after=facts(repository))
    return repository


def facts(repository: CodeRepository) -> dict[str, Any]:
    """What an event tells of a repository."""
    return {
        "url": repository.url,
        "revision": repository.revision,
        "references": CodeReference.objects.filter(repository=repository).count(),
    }


def _replace(repository: CodeRepository, scan: Scan) -> None:
    CodeReference.objects.filter(repository=repository).delete()
    references = [
        CodeReference(
            repository=repository,
            feature_name=found.feature_name,
            file_path=found.file_path,
            line_number=found.line_number,
        )
        for found in scan.found
    ]
    CodeReference.objects.bulk_create(references, batch_size=_BATCH_ROWS)
    names = sorted({found.feature_name for found in scan.found})
    sightings = [
        CodeSighting(repository=repository, feature_name=name, found_at=repository.scanned_at) for name in names
    ]
    CodeSighting.objects.bulk_create(
        sightings,
        batch_size=_BATCH_ROWS,
        update_conflicts=True,
        unique_fields=["repository", "feature_name"],
        update_fields=["found_at"],
    )
