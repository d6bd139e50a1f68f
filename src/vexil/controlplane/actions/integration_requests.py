"""Asking the services that integrations are for: sending them a message, or reading what they have."""

from typing import Any

import msgspec
from django.conf import settings

from vexil.controlplane.db.models import Integration
from vexil.controlplane.integrations import catalogue, outgoing
from vexil.controlplane.integrations.catalogue import GITHUB, GITLAB, SLACK, SLACK_TOKEN
from vexil.controlplane.integrations.github.app import App, Installation
from vexil.controlplane.integrations.gitlab import projects as gitlab
from vexil.controlplane.integrations.messages import Comment
from vexil.controlplane.integrations.outgoing import Answer
from vexil.controlplane.integrations.requests import Request


def send(integration: Integration, body: str) -> Answer:
    """Send what was written down; raise `Unreachable` without an answer, `NotConfigured` where a setting is missing."""
    request = _request(integration, body)
    return outgoing.send(request, allow_internal=settings.VEXIL.webhooks_may_be_internal)


def ask(request: Request) -> Any:
    """The JSON of a good answer; raise `Unreachable` for any other."""
    return ask_with_headers(request)[0]


def ask_with_headers(request: Request) -> tuple[Any, Answer]:
    return outgoing.ask(request, allow_internal=settings.VEXIL.webhooks_may_be_internal)


def installation(installation_id: str) -> Installation:
    """The GitHub app, acting for an organisation that installed it."""
    config = settings.VEXIL
    app = App(config.github_api_url, config.github_app_id, config.github_pem)
    return app.installation(installation_id, ask)


def slack_token(project_id: int | None) -> str | None:
    """What Slack gave a project by OAuth."""
    held = Integration.objects.filter(project=project_id, kind=SLACK_TOKEN).first()
    return held.settings["api_token"] if held else None


def _request(integration: Integration, body: str) -> Request:
    if integration.kind == GITLAB:
        return gitlab.request(integration.settings, msgspec.json.decode(body, type=Comment))
    if integration.kind == GITHUB:
        acting = installation(integration.settings["installation_id"])
        return acting.comment(msgspec.json.decode(body, type=Comment))
    return catalogue.request_of(integration.kind, _settings(integration), body)


def _settings(integration: Integration) -> dict[str, Any]:
    """Those of the integration, with what it borrows from its project."""
    if integration.kind != SLACK or integration.environment is None:
        return dict(integration.settings)
    token = slack_token(integration.environment.project_id)
    return {**integration.settings, "api_token": token or "", "api_url": settings.VEXIL.slack_api_url}
