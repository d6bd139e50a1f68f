"""`vexil import flagsmith`."""

import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vexil.controlplane.actions import organisation_imports
from vexil.controlplane.actions.organisation_imports import AlreadyHere, UnfitFile
from vexil.controlplane.db.models import Environment, Organisation, OrganisationImport, User
from vexil.controlplane.moving import files
from vexil.controlplane.moving.commands import Failed, administrator, moved
from vexil.controlplane.moving.flagsmith.answers import Answers
from vexil.controlplane.moving.flagsmith.comparison import compare
from vexil.controlplane.moving.flagsmith.reading import Reading
from vexil.controlplane.moving.flagsmith.source import Source, SourceFailed
from vexil.controlplane.moving.progress import Progress

_SHOWN_DIFFERENCES = 1000
_NOT_READ = (
    "users, groups, rights, invitations, master API keys, audit log, usage counts, integrations, change requests, "
    "drafts and former or waiting versions, scheduled changes, custom fields of single projects"
)
_COUNTED = {
    "project": "projects",
    "environment": "environments",
    "server_key": "server keys",
    "feature": "features",
    "option": "multivariate options",
    "segment": "segments",
    "link": "segment overrides",
    "tag": "tags",
    "webhook": "webhooks",
    "identity": "identities",
    "identity_state": "identity overrides",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    api_url: str
    token: str
    flags_url: str | None = None
    organisation: str | None = None
    """Id or name; needed where the token sees several."""
    projects: tuple[str, ...] = ()
    admin_email: str | None = None
    sample: int = 100
    is_trial: bool = False
    is_afresh: bool = False
    """Whether to forget what an import that was stopped has read."""


def run(wanted: Wanted, folder: Path) -> list[str]:
    """Import an organisation, or go on with it; the report. `folder` keeps what is read until then."""
    progress, admin = Progress(), administrator(wanted.admin_email)
    try:
        with ExitStack() as sources:
            return _Import(wanted, folder, progress, sources).run(admin)
    except (AlreadyHere, UnfitFile, SourceFailed) as refusal:
        raise Failed(str(refusal)) from None
    finally:
        progress.end()


class _Import:
    def __init__(self, wanted: Wanted, folder: Path, progress: Progress, sources: ExitStack) -> None:
        self._wanted, self._folder, self._progress = wanted, folder, progress
        self._sources = sources
        first = self._source(Answers(None))
        self._there = _chosen(list(first.listed("organisations/")), wanted.organisation)
        names = "/".join(sorted(wanted.projects))
        self._file_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{first.api_url}organisations/{self._there['id']}/{names}")
        self._answers_path = folder / f"flagsmith-{self._file_id}.answers"
        self._file = folder / f"flagsmith-{self._file_id}.jsonl.gz"

    def run(self, admin: User | None) -> list[str]:
        begun = OrganisationImport.objects.filter(file_id=self._file_id).select_related("organisation").first()
        if begun and begun.finished_at:
            said = f"It was imported before, as organisation {begun.organisation.pk}; nothing is changed."
            return [said, *self._compared(begun.organisation)]
        if self._wanted.is_afresh and begun is None:
            self._forget()
        if self._wanted.is_trial:
            return self._try()
        gaps, counts = self._read()
        outcome = organisation_imports.load(files.opener(self._file), on_progress=self._progress.show, admin=admin)
        self._forget()
        lines = [f"Imported {outcome.organisation.name} as organisation {outcome.organisation.pk}.", *_counts(counts)]
        lines += gaps + ([moved(outcome.moved_identities)] if outcome.moved_identities else [])
        lines.append(f"Not imported: {_NOT_READ}.")
        return [*lines, *self._compared(outcome.organisation)]

    def _try(self) -> list[str]:
        reading = self._reading(Answers(None), with_traits=False)
        lines = list(reading.lines())
        keys = [line["row"]["api_key"] for line in lines if line.get("table") == "environment"]
        taken = Environment.objects.filter(api_key__in=keys).count()
        conflict = (
            [f"{taken} of the client keys are in use here already: the import would be refused."] if taken else []
        )
        return [
            f"Would import {self._there['name']}; nothing was written.",
            *_counts(reading.counts),
            *reading.gaps,
            *conflict,
        ]

    def _read(self) -> tuple[list[str], dict[str, int]]:
        """Have the whole organisation in a file, unless that was done before."""
        if self._file.exists():
            self._progress.say(f"Going on with what was read before ({self._file}).")
            return [], _counted(self._file)
        answers = Answers(self._answers_path)
        if known := answers.count():
            self._progress.say(f"Going on with {known:,} answers that were read before.")
        reading = self._reading(answers, with_traits=True)
        files.write(self._file, reading.lines())
        return reading.gaps, reading.counts

    def _reading(self, answers: Answers, *, with_traits: bool) -> Reading:
        return Reading(
            source=self._source(answers),
            answers=answers,
            organisation=self._there,
            project_names=self._wanted.projects,
            file_id=self._file_id,
            on_progress=self._progress.show,
            with_traits=with_traits,
        )

    def _source(self, answers: Answers) -> Source:
        wanted = self._wanted
        source = Source(wanted.api_url, wanted.token, answers, flags_url=wanted.flags_url, notice=self._progress.say)
        self._sources.callback(source.close)
        return source

    def _compared(self, organisation: Organisation) -> list[str]:
        if not self._wanted.sample:
            return []
        self._progress.show("comparing", 0)
        found = compare(self._source(Answers(None)), organisation, sample=self._wanted.sample)
        head = f"Compared {found.flags:,} flags of {found.identities:,} identities with the Flagsmith: "
        if not found.differences:
            return [head + "no difference."]
        shown = [f"  {text}" for text in found.differences[:_SHOWN_DIFFERENCES]]
        more = len(found.differences) - len(shown)
        return [head + f"{len(found.differences):,} differences.", *shown, *([f"  and {more:,} more"] if more else [])]

    def _forget(self) -> None:
        for name in (self._answers_path.name, self._file.name):
            for path in self._folder.glob(f"{name}*"):
                path.unlink()


def _chosen(organisations: list[Any], asked: str | None) -> Any:
    known = ", ".join(f"{it['id']} ({it['name']})" for it in organisations) or "none"
    fitting = [it for it in organisations if asked is None or asked in {str(it["id"]), it["name"]}]
    if not fitting:
        raise Failed(f"The token sees no organisation {asked or ''}. It sees: {known}.")
    if len(fitting) > 1:
        raise Failed(f"The token sees several organisations; choose one with --organisation. There are: {known}.")
    return fitting[0]


def _counts(counts: dict[str, int]) -> list[str]:
    return [", ".join(f"{counts[table]:,} {words}" for table, words in _COUNTED.items() if counts.get(table))]


def _counted(file: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in organisation_imports.parsed(files.opener(file)):
        counts[line.get("table", "")] = counts.get(line.get("table", ""), 0) + 1
    return counts
