"""A request to somebody else's server, before it is sent."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec

Settings = Mapping[str, Any]
"""What people set for one integration."""

USER_AGENT = "Vexil-Integrations"


@dataclass(frozen=True, slots=True)
class Request:
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


RequestOf = Callable[[Settings, Any], Request]


def json_request(url: str, content: Any, *, method: str = "POST", **headers: str) -> Request:
    """Header names have underscores for hyphens."""
    sent = {"User-Agent": USER_AGENT, "Content-Type": "application/json", **_named(headers)}
    return Request(url, b"" if content is None else msgspec.json.encode(content), sent, method)


def form_request(url: str, fields: Mapping[str, str], **headers: str) -> Request:
    sent = {"User-Agent": USER_AGENT, "Content-Type": "application/x-www-form-urlencoded", **_named(headers)}
    return Request(url, urlencode(fields).encode(), sent)


def below(base_url: str, path: str) -> str:
    """A path of a server, whether people ended its address with a slash or not."""
    return f"{base_url.rstrip('/')}/{path}"


def basic(name: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
