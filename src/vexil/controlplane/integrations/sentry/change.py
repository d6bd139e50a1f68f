"""https://docs.sentry.io/organization/integrations/feature-flag/generic/"""

from datetime import datetime

import msgspec

from vexil.controlplane.integrations import webhooks
from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import USER_AGENT, Request, Settings

SIGNATURE_HEADER = "X-Sentry-Signature"


def is_told(change: Change) -> bool:
    """Sentry keeps flags as they are in one environment; features and segments as such are nothing to it."""
    return change.kind in {"FEATURE_STATE", "EF_VERSION"} and change.feature is not None


def request(settings: Settings, change: Change) -> Request:
    entry = {
        "action": change.action,
        "flag": change.feature,
        "created_at": datetime.fromisoformat(change.happened_at).isoformat(timespec="seconds"),
        "created_by": {"id": change.author, "type": "email" if "@" in change.author else "name"},
        "change_id": str(change.id),
    }
    body = msgspec.json.encode({"data": [entry], "meta": {"version": 1}}, order="sorted")
    headers = {
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        SIGNATURE_HEADER: webhooks.signature(settings["secret"], body),
    }
    return Request(settings["webhook_url"], body, headers)
