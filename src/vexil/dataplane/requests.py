"""One request to an endpoint of the Flags API, past the checks that all endpoints share."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

from vexil.dataplane.environments import Access
from vexil.dataplane.labels import Labels
from vexil.dataplane.rsgi import ScopeHeaders, Stream


def parsed_query(query_string: str) -> dict[str, str]:
    """By name; of a repeated one the last counts."""
    return dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {}


class Sender(NamedTuple):
    """What the head of a request says of who sent it, and where to."""

    key: str
    path: str
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
        return parsed_query(self.query_string)


@dataclass(slots=True)
class Request(OpenRequest):
    """A request whose key opens an environment."""

    access: Access
