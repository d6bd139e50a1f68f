"""https://amplitude.com/docs/apis/analytics/identify"""

from collections.abc import Sequence

import msgspec

from vexil.controlplane.integrations.messages import Identified
from vexil.controlplane.integrations.requests import Request, Settings, below, form_request


def request(settings: Settings, identified: Sequence[Identified]) -> Request:
    users = [{"user_id": one.identifier, "user_properties": one.flags} for one in identified]
    fields = {"api_key": settings["api_key"], "identification": msgspec.json.encode(users).decode()}
    return form_request(below(settings["base_url"], "identify"), fields)
