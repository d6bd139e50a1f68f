"""`/health…` and `/version/` (operations.md §4)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vexil import __version__
from vexil.dataplane.rsgi import Response
from vexil.wire import json_text
from vexil.wire.headers import Headers

Check = Callable[[], None]
"""Returns when all is well; raises with a text that says what is wrong."""

People = Callable[[], tuple[bool, bool]]
"""Whether there are users, and whether one has ever logged in."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What the data plane is told of the rest of the installation."""

    checks: Mapping[str, Check]
    people: People | None = None
    """None on a node without the control plane."""
    sends_mail: bool = False


_JSON: Headers = (("Content-Type", "application/json"),)
_CHECK_SECONDS_MAX = 5.0


def liveness() -> Response:
    return Response(200, _JSON, b'{"status":"ok"}')


async def readiness(checks: Mapping[str, Check]) -> Response:
    """200 when every check passes within a few seconds, else 500; the body says which one failed and why."""
    results = dict(zip(checks, await asyncio.gather(*map(_result, checks.values())), strict=True))
    status = 200 if all(result == "working" for result in results.values()) else 500
    return Response(status, _JSON, json_text.dumps(results))


async def _result(check: Check) -> str:
    try:
        await asyncio.wait_for(asyncio.to_thread(check), _CHECK_SECONDS_MAX)
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
        "self_hosted_data": None if people is None else await asyncio.to_thread(_self_hosted, people),
        "package_versions": {".": __version__},
    }
    return Response(200, _JSON, json_text.dumps(body))


def _self_hosted(people: People) -> dict[str, bool]:
    has_users, has_logins = people()
    return {"has_users": has_users, "has_logins": has_logins}
