"""https://docs.newrelic.com/docs/change-tracking/ (REST API v2)"""

from urllib.parse import quote

from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request


def request(settings: Settings, change: Change) -> Request:
    deployment = {
        "revision": f"env:{change.environment_name}",
        "changelog": change.sentence,
        "description": "Feature flag changed",
    }
    url = below(settings["base_url"], f"v2/applications/{quote(settings['app_id'], safe='')}/deployments.json")
    return json_request(url, {"deployment": deployment}, X_Api_Key=settings["api_key"])
