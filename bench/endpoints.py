"""The endpoints of the Flags API beside nginx, in short rounds that take turns, so that both meet the same machine."""

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import httpx

from bench import tools
from bench.seeding import Project
from bench.tools import Round, Target
from tests.journeys.running import Server


@dataclass(frozen=True)
class Endpoint:
    name: str
    key: str
    lines: list[str]
    """METHOD, path and perhaps a body, parted by tabs: sent in turn."""
    aim: float | None = None
    """Least ratio to nginx that the project asks for."""
    beside: str = "/answer.json"
    """What nginx is asked for: the same bytes as a file, or nothing (`/empty`)."""
    is_conditional: bool = False
    """Ask for what is known already: the answers are 304."""


@dataclass(frozen=True)
class Measured:
    endpoint: Endpoint
    body_bytes: int
    vexil: Round
    nginx: Round
    ratio: float
    """The median of the ratios of neighbouring rounds, which other work on the machine slows alike."""


COUNTED = "@" * 10


def all_endpoints(project: Project) -> Iterator[Endpoint]:
    client, server = project.client_key, project.server_key
    flags, document = ["GET\t/api/v1/flags/"], ["GET\t/api/v1/environment-document/"]
    yield Endpoint("GET /flags/", client, flags, 0.65)
    yield Endpoint("GET /environment-document/", server, document, 0.65)
    yield Endpoint("the same, 304", server, document, 0.44, is_conditional=True)
    stored = [f"GET\t/api/v1/identities/?identifier={body['identifier']}" for body in project.bodies]
    yield Endpoint("GET /identities/, stored", client, stored, 0.35)
    yield Endpoint("POST /identities/, stored, unchanged traits", client, _posts(project.bodies), 0.35)
    transient = [body | {"transient": True} for body in project.bodies]
    yield Endpoint("POST /identities/, transient", client, _posts(transient), 0.45)
    yield Endpoint("the same, other traits each time", client, _posts([_with_trait(body) for body in transient]))
    yield Endpoint(
        "POST /identities/, stored, a trait changes", client, _posts([_with_trait(b) for b in project.bodies])
    )
    new = [body | {"identifier": f"new-{COUNTED}"} for body in project.bodies]
    yield Endpoint("POST /identities/, a new identity each time", client, _posts(new), 0.15)
    counts = json.dumps({f"flag_{n:03}": n + 1 for n in range(5)})
    analytics = [f"POST\t/api/v1/analytics/flags/\t{counts}"]
    yield Endpoint("POST /analytics/flags/", client, analytics, 0.5, beside="/empty")


def _posts(bodies: list[dict[str, object]]) -> list[str]:
    return [f"POST\t/api/v1/identities/\t{json.dumps(body)}" for body in bodies]


def _with_trait(body: dict[str, object]) -> dict[str, object]:
    traits = cast("list[object]", body["traits"])
    return body | {"traits": [*traits, {"trait_key": "seen", "trait_value": COUNTED}]}


def measure(endpoint: Endpoint, server: Server, folder: Path, *, rounds: int, seconds: int) -> Measured:
    """The medians of `rounds` rounds each; nginx serves the bytes of the endpoint's first answer as a file."""
    requests, one_file = folder / "requests.txt", folder / "one-file.txt"
    requests.write_text("\n".join(endpoint.lines) + "\n", encoding="utf-8")
    one_file.write_text(f"GET\t{endpoint.beside}\n", encoding="utf-8")
    answer = _answer(endpoint, server.url)
    ours, theirs = [], []
    with tools.nginx(answer.content, folder) as (nginx_url, nginx_process):
        vexil, nginx = Target(server.url, server.pid, endpoint.key), Target(nginx_url, nginx_process)
        if endpoint.is_conditional:
            vexil = replace(vexil, headers=(f"If-None-Match: {answer.headers['etag']}",))
            nginx = replace(
                nginx, headers=(f"If-None-Match: {httpx.get(nginx_url + endpoint.beside).headers['etag']}",)
            )
        for _ in range(rounds):
            theirs.append(tools.wrk(nginx, one_file, seconds=seconds))
            ours.append(tools.wrk(vexil, requests, seconds=seconds))
    ratio = statistics.median(our.per_second / their.per_second for our, their in zip(ours, theirs, strict=True))
    sent = 0 if endpoint.is_conditional else len(answer.content)
    return Measured(endpoint, sent, tools.median(ours), tools.median(theirs), ratio)


def _answer(endpoint: Endpoint, url: str) -> httpx.Response:
    method, path, *body = endpoint.lines[0].replace(COUNTED, "0" * len(COUNTED)).split("\t")
    headers = {"X-Environment-Key": endpoint.key} | ({"Content-Type": "application/json"} if body else {})
    answer = httpx.request(method, url + path, content=body[0] if body else None, headers=headers)
    answer.raise_for_status()
    return answer
