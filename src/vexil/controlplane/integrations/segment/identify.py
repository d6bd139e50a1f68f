"""https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/"""

from collections.abc import Sequence

from vexil.controlplane.integrations.messages import Identified
from vexil.controlplane.integrations.requests import Request, Settings, basic, below, json_request

REGIONS = ("api.segment.io/", "events.eu1.segmentapis.com/")
"""Without the scheme, as clients of the Admin API send them."""


def request(settings: Settings, identified: Sequence[Identified]) -> Request:
    base_url = settings["base_url"]
    if base_url in REGIONS:
        base_url = f"https://{base_url}"
    return batch(base_url, settings["api_key"], identified)


def batch(base_url: str, write_key: str, identified: Sequence[Identified]) -> Request:
    calls = [{"type": "identify", "userId": one.identifier, "traits": one.flags} for one in identified]
    return json_request(below(base_url, "v1/batch"), {"batch": calls}, Authorization=basic(write_key))
