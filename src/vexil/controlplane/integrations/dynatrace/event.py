"""https://docs.dynatrace.com/docs/dynatrace-api/environment-api/events-v2/post-event"""

from urllib.parse import quote

from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request


def request(settings: Settings, change: Change) -> Request:
    content = {
        "title": "Feature flag changed",
        "eventType": "CUSTOM_DEPLOYMENT",
        "entitySelector": settings["entity_selector"],
        "properties": {
            "event": change.sentence,
            "environment": change.environment_name,
            "dt.event.deployment.name": _deployment(change),
        },
    }
    path = f"api/v2/events/ingest?api-token={quote(settings['api_key'], safe='')}"
    return json_request(below(settings["base_url"], path), content)


def _deployment(change: Change) -> str:
    if change.feature:
        return f"Flag changed: {change.feature}"
    return f"Segment changed: {change.segment}" if change.segment else "Flags changed"
