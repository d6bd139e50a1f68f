"""What the kinds of integrations are called, what they do, and what their settings mean to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vexil.controlplane.integrations.heap.track import BASE_URL as HEAP
from vexil.controlplane.integrations.mixpanel.profiles import BASE_URL as MIXPANEL

Label = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    label: str
    about: str
    group: str
    icon: str = "plug"
    labels: Mapping[str, Label] = field(default_factory=dict)
    """By setting, where it has another name or hint than elsewhere."""


_ANALYTICS, _WATCHING, _TALK, _CODE = "Analytics", "Monitoring", "Messages", "Code"

LABELS: dict[str, dict[str, str]] = {
    "api_key": {"label": "API key"},
    "base_url": {"label": "Base URL"},
    "url": {"label": "URL", "hint": "Where messages are sent by POST."},
    "secret": {"label": "Secret", "hint": "Signs each message: X-Flagsmith-Signature is its HMAC-SHA256."},
    "entity_selector": {"label": "Entity selector", "hint": 'For example: type("SERVICE"),tag("shop")'},
    "webhook_url": {"label": "Webhook URL"},
    "channel_id": {"label": "Channel id", "hint": "At the foot of the channel's details in Slack: C0123456789."},
    "enabled": {"label": "Enabled", "hint": "Off: nothing is sent, and the settings stay."},
    "use_custom_source": {"label": "Custom source", "hint": "Events name Flagsmith as their source."},
    "app_id": {"label": "Application id", "hint": "The number in the address of the application's page."},
    "gitlab_instance_url": {"label": "GitLab's URL", "hint": "https://gitlab.com, or that of your own."},
    "access_token": {"label": "Access token", "hint": "With the scope “api”."},
    "labeling_enabled": {"label": "Label issues", "hint": "What is linked gets the label “Feature Flag”."},
    "installation_id": {
        "label": "Installation id",
        "hint": "The number in the address of the app's settings at GitHub.",
    },
}

KINDS: dict[str, Kind] = {
    "datadog": Kind(
        "Datadog",
        "An event for each change of a flag or segment, tagged with its environment.",
        _WATCHING,
        "activity",
        {"base_url": {"hint": "That of your site, such as https://api.datadoghq.eu"}},
    ),
    "new-relic": Kind(
        "New Relic",
        "Marks each change as a deployment in the charts of an application.",
        _WATCHING,
        "activity",
        {"base_url": {"hint": "https://api.newrelic.com or https://api.eu.newrelic.com"}},
    ),
    "grafana": Kind(
        "Grafana",
        "Annotates your graphs with each change, who made it and where.",
        _WATCHING,
        "chart-column",
        {
            "base_url": {"hint": "Where your Grafana is, such as https://acme.grafana.net"},
            "api_key": {"label": "Service account token"},
        },
    ),
    "dynatrace": Kind(
        "Dynatrace",
        "A deployment event of the entities that you choose, for each change.",
        _WATCHING,
        "activity",
        {"base_url": {"hint": "That of your tenant, such as https://abc123.live.dynatrace.com"}},
    ),
    "sentry": Kind(
        "Sentry",
        "Shows beside an error which flags changed shortly before.",
        _WATCHING,
        "triangle-alert",
        {
            "webhook_url": {"hint": "From “Add New Provider” in Sentry's settings of feature flags."},
            "secret": {"hint": "10 to 60 characters, the same as in Sentry."},
        },
    ),
    "slack": Kind("Slack", "Writes into a channel what changed and who did it.", _TALK, "send"),
    "amplitude": Kind("Amplitude", "Flags become properties of its users.", _ANALYTICS, "chart-column"),
    "segment": Kind(
        "Segment",
        "Flags become traits of its users, by identify.",
        _ANALYTICS,
        "split",
        {"api_key": {"label": "Write key"}, "base_url": {"label": "Region"}},
    ),
    "rudderstack": Kind(
        "RudderStack",
        "Flags become traits of its users, by identify.",
        _ANALYTICS,
        "split",
        {"api_key": {"label": "Write key"}, "base_url": {"label": "Data plane URL"}},
    ),
    "mixpanel": Kind(
        "Mixpanel",
        "Flags become properties of profiles.",
        _ANALYTICS,
        "chart-column",
        {"api_key": {"label": "Project token"}, "base_url": {"hint": f"{MIXPANEL} if it is left empty."}},
    ),
    "heap": Kind(
        "Heap",
        "An event with the flags that somebody got.",
        _ANALYTICS,
        "chart-column",
        {"api_key": {"label": "App id"}, "base_url": {"hint": f"{HEAP} if it is left empty."}},
    ),
    "webhook": Kind(
        "Identity webhook",
        "Your own service hears which flags an identity got, with its traits and segments.",
        _ANALYTICS,
        "webhook",
    ),
    "gitlab": Kind(
        "GitLab", "Features are linked to issues and merge requests, which hear of changes.", _CODE, "git-branch"
    ),
    "github": Kind(
        "GitHub", "Features are linked to issues and pull requests, which hear of changes.", _CODE, "git-branch"
    ),
}
GROUPS = (_WATCHING, _ANALYTICS, _TALK, _CODE)
