"""`/health…` and `/version/` (operations.md §4)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

from vexil import __version__
from vexil.dataplane.rsgi import Response
from vexil.wire import json_text
from vexil.wire.errors import explain, with_explanation
from vexil.wire.headers import HTML, Headers

T = TypeVar("T")

Check = Callable[[], None]
"""Returns when all is well; raises with a text that says what is wrong."""

People = Callable[[], tuple[bool, bool]]
"""Whether there are users, and whether one has ever logged in."""


class Asking:
    """Runs calls that ask the database in threads, each call once at a time: who asks meanwhile shares its outcome.

    A paused database keeps a call and its thread for as long as it is, and the next probe must not take another.
    """

    def __init__(self) -> None:
        self._running: dict[Callable[[], object], asyncio.Task[Any]] = {}

    async def outcome(self, call: Callable[[], T]) -> T:
        """What the call gives; raise `TimeoutError` if that takes more than a few seconds."""
        running = self._running.get(call)
        if running is None:
            running = self._running[call] = asyncio.get_running_loop().create_task(asyncio.to_thread(call))
            running.add_done_callback(partial(self._forget, call))
        return cast("T", await asyncio.wait_for(asyncio.shield(running), _CALL_SECONDS_MAX))

    def _forget(self, call: Callable[[], object], done: "asyncio.Task[Any]") -> None:
        del self._running[call]
        if not done.cancelled():
            done.exception()  # Whoever waited has seen it, if anybody still did.


@dataclass(frozen=True, slots=True)
class Installation:
    """What the data plane is told of the rest of the installation."""

    checks: Mapping[str, Check]
    people: People | None = None
    """None on a node without the control plane."""
    sends_mail: bool = False
    asking: Asking = field(default_factory=Asking)


_JSON: Headers = (("Content-Type", "application/json"),)
_CALL_SECONDS_MAX = 5.0

REFUSED_HOST = "Vexil-Refused-Host"
"""Names the host that was refused last, if that was lately; the body keeps the form that probes know."""


def liveness() -> Response:
    return Response(200, _JSON, b'{"status":"ok"}')


def wants_page(accept: str | None, query_string: str) -> bool:
    """Who says nothing else gets a page, as do probes that take anything."""
    return "json" not in (accept or "").lower() and dict(parse_qsl(query_string)).get("format") != "json"


async def readiness(installation: Installation, refused_host: str | None = None, *, as_page: bool = False) -> Response:
    """200 when every check passes within a few seconds, else 500; the body says which one failed and why."""
    checks = installation.checks
    found = await asyncio.gather(*(_result(installation.asking, check) for check in checks.values()))
    results = dict(zip(checks, found, strict=True))
    failed = [result for result in results.values() if result != "working"]
    told = () if refused_host is None else ((REFUSED_HOST, f"{refused_host} (see DJANGO_ALLOWED_HOSTS)"),)
    status, body = 200, results
    if failed:
        is_behind = all(result.endswith("MigrationsPending") for result in failed)
        explanation = explain("migrations_pending" if is_behind else "database_unavailable")
        status, body, told = 500, with_explanation(results, explanation), (*told, *explanation.headers)
    if as_page:
        return Response(status, (("Content-Type", HTML), *told), _page(status, body))
    return Response(status, (*_JSON, *told), json_text.dumps(body))


def _page(status: int, results: Mapping[str, str]) -> bytes:
    title = "All is well" if status == 200 else "Something is wrong"
    rows = "".join(f"<tr><th scope=row>{escape(name)}<td>{escape(text)}\n" for name, text in results.items())
    return (
        f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{title}</h1>\n<table>\n{rows}</table>\n".encode()
    )


async def _result(asking: Asking, check: Check) -> str:
    try:
        await asking.outcome(check)
    except TimeoutError:
        return "unavailable: no answer within the time allowed"
    except Exception as error:  # noqa: BLE001 -- whatever a check raises is its result
        return f"unavailable: {type(error).__name__}"
    return "working"


async def version(installation: Installation) -> Response:
    people = installation.people
    body = {
        "ci_commit_sha": "unknown",
        # compat: no bare number, since Flagsmith's CLI would take it for a server that is too old.
        "image_tag": f"vexil-{__version__}",
        "has_email_provider": installation.sends_mail,
        "is_enterprise": False,
        "is_saas": False,
        "self_hosted_data": None if people is None else _self_hosted(*await installation.asking.outcome(people)),
        "package_versions": {".": __version__},
    }
    return Response(200, _JSON, json_text.dumps(body))


def _self_hosted(has_users: bool, has_logins: bool) -> dict[str, bool]:
    return {"has_users": has_users, "has_logins": has_logins}
