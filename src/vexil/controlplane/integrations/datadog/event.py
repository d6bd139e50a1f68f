"""https://docs.datadoghq.com/api/latest/events/#post-an-event"""

from typing import Any
from urllib.parse import quote

from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request

SOURCE = "flagsmith"
"""The source that Datadog knows for this protocol."""


def request(settings: Settings, change: Change) -> Request:
    content: dict[str, Any] = {
        "text": change.sentence,
        "title": "Feature flag changed",
        "tags": [f"env:{change.environment_name}"],
    }
    if settings.get("use_custom_source"):
        content["source_type_name"] = SOURCE
    path = f"api/v1/events?api_key={quote(settings['api_key'], safe='')}"
    return json_request(below(settings["base_url"], path), content)
