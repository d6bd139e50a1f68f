"""https://developers.heap.io/reference/track-1"""

from collections.abc import Sequence

from vexil.controlplane.integrations.messages import Identified
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request

BASE_URL = "https://heapanalytics.com"
EVENT = "Flagsmith Feature Flags"
"""The name under which those who come from Flagsmith have it in Heap already."""


def request(settings: Settings, identified: Sequence[Identified]) -> Request:
    (one,) = identified
    content = {"app_id": settings["api_key"], "identity": one.identifier, "event": EVENT, "properties": one.flags}
    return json_request(below(settings.get("base_url") or BASE_URL, "api/track"), content)
