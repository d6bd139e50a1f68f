"""One request to an endpoint of the Flags API, past the checks that all endpoints share."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

from vexil.dataplane.environments import Access
from vexil.dataplane.labels import Labels
from vexil.dataplane.rsgi import ScopeHeaders, Stream


class Sender(NamedTuple):
    """What the head of a request says of who sent it."""

    key: str
    headers: ScopeHeaders
    labels: Labels


@dataclass(slots=True)
class OpenRequest:
    """A request that needs no key."""

    method: str
    query_string: str
    headers: ScopeHeaders
    stream: Stream

    def query(self) -> dict[str, str]:
        """Query parameters; of a repeated one the last counts."""
        if not self.query_string:
            return {}
        return dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass(slots=True)
class Request(OpenRequest):
    """A request whose key opens an environment."""

    access: Access
