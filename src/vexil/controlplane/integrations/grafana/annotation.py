"""https://grafana.com/docs/grafana/latest/developers/http_api/annotations/"""

from datetime import datetime

from vexil.controlplane.integrations.messages import Change
from vexil.controlplane.integrations.requests import Request, Settings, below, json_request


def request(settings: Settings, change: Change) -> Request:
    milliseconds = int(datetime.fromisoformat(change.happened_at).timestamp() * 1000)
    content = {"tags": _tags(change), "text": change.log, "time": milliseconds, "timeEnd": milliseconds}
    url = below(settings["base_url"], "api/annotations")
    return json_request(url, content, Authorization=f"Bearer {settings['api_key']}")


def _tags(change: Change) -> list[str]:
    tags = [
        "flagsmith",  # what dashboards made for this protocol filter by
        f"project:{change.project}",
        f"environment:{change.environment_name}",
        f"by:{change.author}",
    ]
    if change.feature:
        tags.append(f"feature:{change.feature}")
    if change.enabled is not None:
        tags.append(f"flag:{'enabled' if change.enabled else 'disabled'}")
    if change.segment:
        tags.append(f"segment:{change.segment}")
    return tags + change.tags
