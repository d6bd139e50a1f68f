"""The channels of a project's Slack, for choosing one: asked for once the page is there, since Slack may be slow."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, reverse

from vexil.controlplane.actions import slack_channels as actions
from vexil.controlplane.dashboard import rendering
from vexil.controlplane.dashboard.paths import page
from vexil.controlplane.dashboard.places import at_environment
from vexil.controlplane.db.models import Environment
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.integrations.slack import channel as slack

LIST_ID = "slack-channels"
_CHANNELS_MAX = 1000


def offered(request: HttpRequest, project_id: int, environment_key: str) -> HttpResponse:
    place = at_environment(request, project_id, environment_key, needs_admin=True)
    assert place.environment is not None
    channels, problem = [], ""
    try:
        token = actions.token(place.environment)
        asked = slack.channels_request(settings.VEXIL.slack_api_url, token, limit=_CHANNELS_MAX, cursor="")
        channels = slack.channels_json(actions.ask(asked))["channels"]
    except actions.NoToken:
        raise Http404("Slack") from None
    except Unreachable as error:
        problem = str(error)
    values = {"id": LIST_ID, "channels": channels, "problem": problem}
    return rendering.fragment(request, "integrations/slack_channels.html", place, values)


def url(environment: Environment) -> str:
    parts: dict[str, int | str] = {"project_id": environment.project_id, "environment_key": environment.api_key}
    return reverse("integrations-environment-channels", kwargs=parts)


urlpatterns: list[URLPattern] = [
    page(
        "project/<int:project_id>/environment/<str:environment_key>/integrations/slack/channels",
        offered,
        "integrations-environment-channels",
    )
]
