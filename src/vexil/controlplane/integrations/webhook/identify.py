"""The message is the body; nothing is to be added but the signature."""

from collections.abc import Sequence

import msgspec

from vexil.controlplane.integrations import webhooks
from vexil.controlplane.integrations.messages import IdentifiedInFull
from vexil.controlplane.integrations.requests import USER_AGENT, Request, Settings


def request(settings: Settings, identified: Sequence[IdentifiedInFull]) -> Request:
    (one,) = identified
    body = msgspec.json.encode(one, order="sorted")
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
    if settings.get("secret"):
        headers[webhooks.SIGNATURE_HEADER] = webhooks.signature(settings["secret"], body)
    return Request(settings["url"], body, headers)
