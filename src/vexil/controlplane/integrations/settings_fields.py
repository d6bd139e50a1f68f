"""What people set for each kind of integration, the same over the Admin API and in the dashboard."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from vexil.controlplane.integrations import catalogue
from vexil.controlplane.integrations.segment.identify import REGIONS

SECRETS = frozenset({"api_key", "secret", "access_token", "api_token"})
"""Settings that nobody reads in the event log, or sees again in the dashboard."""

URL_CHARACTERS_MAX = 200


class Type(Enum):
    TEXT = "text"
    URL = "url"
    """An http or https URL that leads to no internal address."""
    CHOICE = "choice"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Field:
    """Without a default it must be given, unless it is said to be optional."""

    name: str
    type: Type = Type.TEXT
    default: Any = None
    is_optional: bool = False
    characters_min: int = 0
    characters_max: int = URL_CHARACTERS_MAX
    choices: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        return self.name in SECRETS

    @property
    def is_required(self) -> bool:
        return self.default is None and not self.is_optional


_KEY = Field("api_key", characters_max=100)
_BASE_URL = Field("base_url", Type.URL)
_OPTIONAL_BASE_URL = Field("base_url", Type.URL, is_optional=True)
_GRAFANA = (_KEY, _BASE_URL)

OF_ENVIRONMENTS: dict[str, tuple[Field, ...]] = {
    "amplitude": (_KEY, Field("base_url", Type.URL, default="https://api.amplitude.com")),
    "segment": (_KEY, Field("base_url", Type.CHOICE, default=REGIONS[0], choices=REGIONS)),
    "heap": (_KEY, _OPTIONAL_BASE_URL),
    "mixpanel": (_KEY, _OPTIONAL_BASE_URL),
    "rudderstack": (_KEY, _BASE_URL),
    catalogue.IDENTITY_WEBHOOK: (Field("url", Type.URL), Field("secret", default="", characters_max=255)),
    "dynatrace": (_KEY, _BASE_URL, Field("entity_selector", characters_max=1000)),
    "sentry": (Field("webhook_url", Type.URL), Field("secret", characters_min=10, characters_max=60)),
    "grafana": _GRAFANA,
    catalogue.SLACK: (Field("channel_id", characters_max=50), Field("enabled", Type.SWITCH, default=True)),
}
OF_PROJECTS: dict[str, tuple[Field, ...]] = {
    "datadog": (_KEY, _BASE_URL, Field("use_custom_source", Type.SWITCH, default=False)),
    "new-relic": (_KEY, _BASE_URL, Field("app_id", characters_max=100)),
    "grafana": _GRAFANA,
    catalogue.GITLAB: (
        Field("gitlab_instance_url", Type.URL),
        Field("access_token", characters_max=300),
        Field("labeling_enabled", Type.SWITCH, default=False),
    ),
}
OF_ORGANISATIONS: dict[str, tuple[Field, ...]] = {
    "grafana": _GRAFANA,
    catalogue.GITHUB: (Field("installation_id", characters_max=100),),
}
"""By kind, as in its path."""
