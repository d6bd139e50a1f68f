"""What an environment's integration needs of Slack: a token for its project, and our bot in the channel."""

from typing import Any

from django.conf import settings
from django.core import signing

from vexil.controlplane.actions import integration_requests
from vexil.controlplane.db.models import Environment, User
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.integrations.requests import Request
from vexil.controlplane.integrations.slack import channel as slack

SALT = "vexil.slack"
SECONDS = 600
"""How long a signature is good for."""


class NoToken(Exception):
    """Slack gave the project no token yet."""

    def __init__(self) -> None:
        super().__init__("Slack api token not found. Please generate the token using oauth")


class SlackRefused(Unreachable):
    """Slack answered, and said no."""


def signature(user: User, environment_key: str) -> str:
    """Says who sends a browser to Slack, and for which environment."""
    return signing.dumps({"user": user.pk, "environment": environment_key}, salt=SALT)


def token(environment: Environment) -> str:
    held = integration_requests.slack_token(environment.project_id)
    if held is None:
        raise NoToken
    return held


def join(environment: Environment, channel_id: str) -> None:
    """The bot must be in a channel to write there."""
    ask(slack.join_request(settings.VEXIL.slack_api_url, token(environment), channel_id))


def ask(request: Request) -> Any:
    """What Slack says, if it is yes."""
    said = integration_requests.ask(request)
    if not isinstance(said, dict) or said.get("ok") is not True:
        reason = said.get("error", "") if isinstance(said, dict) else ""
        raise SlackRefused(f"Slack refused: {reason}")
    return said
