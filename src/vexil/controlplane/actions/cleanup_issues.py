"""Issues at GitHub that ask for a feature to be taken out of the code, one for each repository that names it."""

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import urlsplit

from django.db.models import Exists

from vexil.controlplane.actions import external_resources, integration_requests
from vexil.controlplane.actions.external_resources import NoGithub
from vexil.controlplane.actions.refusals import Refused
from vexil.controlplane.db.models import CodeReference, CodeRepository, Feature, Integration, Project
from vexil.controlplane.db.models.external_resources import ResourceType
from vexil.controlplane.integrations.catalogue import GITHUB
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import code_references

_LINES_MAX = 200
"""An issue has room for more, its readers have not."""


class NoReferences(Exception):
    """No code is known to name the feature."""


def is_possible(project: Project) -> bool:
    """Whether GitHub is set up and code was searched."""
    github = Integration.objects.filter(organisation=project.organisation_id, kind=GITHUB)
    return CodeRepository.objects.filter(Exists(github), project=project).exists()


def create(feature: Feature, *, by: Actor) -> int:
    """Say how many issues there are now; each is linked to the feature where its repository is one of the project's.

    Raise `NoReferences`, `NoGithub` without an integration, or `Unreachable`.
    """
    found = code_references.in_repositories(feature)
    if not found:
        raise NoReferences("No code references found for this feature.")
    integration = Integration.objects.filter(organisation=feature.project.organisation_id, kind=GITHUB).first()
    if integration is None:
        raise NoGithub("This Organisation doesn't have a valid GitHub Configuration")
    acting = integration_requests.installation(integration.settings["installation_id"])
    title, count = f"Remove stale feature flag: {feature.name}", 0
    for repository, references in groupby(found, key=lambda reference: reference.repository):
        text = _text(feature, repository, list(references))
        issue = integration_requests.ask(acting.new_issue(*_place(repository), title=title, text=text))
        _link(feature, issue, by=by)
        count += 1
    return count


def _link(feature: Feature, issue: dict[str, object], *, by: Actor) -> None:
    metadata = {"title": issue.get("title"), "state": issue.get("state")}
    try:
        external_resources.link(
            feature, by=by, url=str(issue["html_url"]), type=ResourceType.GITHUB_ISSUE, metadata=metadata
        )
    except (NoGithub, Refused):
        return  # the issue stands; only the link is missing


def _text(feature: Feature, repository: CodeRepository, references: Sequence[CodeReference]) -> str:
    lines = [
        f"- [{reference.file_path}:{reference.line_number}]({code_references.permalink(repository, reference)})"
        for reference in references[:_LINES_MAX]
    ]
    if len(references) > _LINES_MAX:
        lines.append(f"- and {len(references) - _LINES_MAX} more")
    head = f"The feature flag `{feature.name}` of the project *{feature.project.name}* can go. The code names it here:"
    return "\n".join([head, "", *lines])


def _place(repository: CodeRepository) -> tuple[str, str]:
    """Owner and name. Raise `NoGithub` where the URL has none."""
    parts = urlsplit(repository.url).path.strip("/").removesuffix(".git").split("/")
    if len(parts) != 2:
        raise NoGithub(f"{repository.url} is no repository of GitHub.")
    return parts[0], parts[1]
