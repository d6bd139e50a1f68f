"""What a request says of its sender: the SDK, and the application that uses it (sdk-api.md §1.3)."""

import re
from typing import NamedTuple

from vexil.dataplane.rsgi import ScopeHeaders

_CHARACTERS_MAX = 100
_AGENT_CHARACTERS_MAX = 300
"""A longer one is looked at each time: what is remembered must stay small."""
_SENDERS_MAX = 1_000
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,49}")
_KNOWN_SDKS = frozenset(
    f"flagsmith-{name}-sdk"
    for name in (
        "dotnet", "elixir", "flutter", "go", "java", "js", "kotlin-android",
        "nodejs", "php", "python", "ruby", "rust", "swift-ios",
    )
)  # fmt: skip


class Labels(NamedTuple):
    """Counts are kept apart by these; "" where nothing is said."""

    sdk: str = ""
    application: str = ""
    application_version: str = ""


class LabelBook:
    """The labels of each kind of sender, worked out once.

    Clients choose the name of their application and say which version of an SDK they are, and each new one is a row in
    the database: beyond so many kinds of senders in one process, further ones are counted without it.
    """

    def __init__(self, senders_max: int = _SENDERS_MAX) -> None:
        self._senders_max = senders_max
        self._by_agent: dict[str, Labels] = {}
        self._sdks: set[str] = set()
        self._by_application: dict[tuple[str, str, str], Labels] = {}

    def of(self, headers: ScopeHeaders) -> Labels:
        agent = headers.get("flagsmith-sdk-user-agent") or headers.get("user-agent") or ""
        labels = self._by_agent.get(agent)
        if labels is None:
            labels = self._remember(agent)
        name, version = headers.get("flagsmith-application-name"), headers.get("flagsmith-application-version")
        if name or version:
            return self._with_application(labels, name or "", version or "")
        return labels

    def _remember(self, agent: str) -> Labels:
        if len(self._by_agent) >= self._senders_max:
            self._by_agent.clear()
        labels = Labels(self._known_sdk(sdk_label(agent)))
        if len(agent) <= _AGENT_CHARACTERS_MAX:
            self._by_agent[agent] = labels
        return labels

    def _known_sdk(self, sdk: str) -> str:
        if sdk not in self._sdks and len(self._sdks) >= self._senders_max:
            return sdk and sdk_label(sdk.partition("/")[0])
        self._sdks.add(sdk)
        return sdk

    def _with_application(self, labels: Labels, name: str, version: str) -> Labels:
        key = (labels.sdk, name[:_CHARACTERS_MAX], version[:_CHARACTERS_MAX])
        known = self._by_application.get(key)
        if known is None:
            if len(self._by_application) >= self._senders_max:
                return labels
            known = self._by_application[key] = Labels(*key)
        return known


def sdk_label(user_agent: str) -> str:
    """`<name>/<version>` of an SDK that we know, else nothing."""
    name, _, rest = user_agent.partition("/")
    if name not in _KNOWN_SDKS:
        return ""
    version = rest.partition(" ")[0]
    return f"{name}/{version if _VERSION.fullmatch(version) else 'unknown'}"
