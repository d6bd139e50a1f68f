"""https://www.rudderstack.com/docs/api/http-api/"""

from collections.abc import Sequence

from vexil.controlplane.integrations.messages import Identified
from vexil.controlplane.integrations.requests import Request, Settings
from vexil.controlplane.integrations.segment.identify import batch


def request(settings: Settings, identified: Sequence[Identified]) -> Request:
    return batch(settings["base_url"], settings["api_key"], identified)
