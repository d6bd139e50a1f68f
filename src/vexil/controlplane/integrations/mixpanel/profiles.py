"""https://developer.mixpanel.com/reference/profile-set"""

from collections.abc import Sequence

from vexil.controlplane.integrations.messages import Identified
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request

BASE_URL = "https://api.mixpanel.com"


def request(settings: Settings, identified: Sequence[Identified]) -> Request:
    profiles = [
        {"$token": settings["api_key"], "$distinct_id": one.identifier, "$set": one.flags, "$ip": "0"}
        for one in identified
    ]
    url = below(settings.get("base_url") or BASE_URL, "engage#profile-set")
    return json_request(url, profiles, Accept="text/plain")
