"""https://docs.slack.dev/reference/methods: Slack answers 200 to everything; the body says whether it was done."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import Request, Settings, below, form_request, json_request

SCOPES = "chat:write,channels:read,channels:join"
AUTHORIZE_URL = "https://slack.com/oauth/v2/authorize"


def request(settings: Settings, change: Change) -> Request:
    fields = [f"*Environment:*\n{change.environment_name}", f"*User:*\n{change.author}"]
    blocks = [
        {"type": "section", "text": {"type": "plain_text", "text": change.log}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": field} for field in fields]},
    ]
    content = {"channel": settings["channel_id"], "text": change.log, "blocks": blocks}
    return json_request(
        below(settings["api_url"], "chat.postMessage"), content, Authorization=f"Bearer {settings['api_token']}"
    )


def refusal(body: str) -> str:
    """Why Slack did not do it; nothing when it did."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body[:200]
    is_done = isinstance(said, dict) and said.get("ok") is True
    return "" if is_done else str(said.get("error", body[:200]) if isinstance(said, dict) else body[:200])


def authorize_url(client_id: str, *, redirect_url: str, state: str) -> str:
    """Where a person lets Slack give us a token."""
    fields = {"client_id": client_id, "scope": SCOPES, "redirect_uri": redirect_url, "state": state}
    return f"{AUTHORIZE_URL}?{urlencode(fields)}"


def token_request(api_url: str, *, client: tuple[str, str], code: str, redirect_url: str) -> Request:
    fields = {"client_id": client[0], "client_secret": client[1], "code": code, "redirect_uri": redirect_url}
    return form_request(below(api_url, "oauth.v2.access"), fields)


def join_request(api_url: str, token: str, channel_id: str) -> Request:
    return form_request(below(api_url, "conversations.join"), {"channel": channel_id}, Authorization=f"Bearer {token}")


def channels_request(api_url: str, token: str, *, limit: int, cursor: str) -> Request:
    fields = {"exclude_archived": "true", "limit": str(limit), "cursor": cursor}
    return form_request(below(api_url, "conversations.list"), fields, Authorization=f"Bearer {token}")


def channels_json(said: Any) -> dict[str, Any]:
    """As the Admin API shows a page of channels."""
    channels = [{"channel_name": channel["name"], "channel_id": channel["id"]} for channel in said["channels"]]
    return {"cursor": said.get("response_metadata", {}).get("next_cursor", ""), "channels": channels}
