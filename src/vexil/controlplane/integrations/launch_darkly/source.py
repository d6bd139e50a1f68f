"""LaunchDarkly's REST API: lists read page by page, patiently."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

API_VERSION = "20240415"
ATTEMPTS = 8
WAIT_SECONDS_MAX = 120.0
_TIMEOUT_SECONDS = 30.0
_PAGE = 50
_ITEMS_MAX = 100_000
_PASSING = {408, 429, 500, 502, 503, 504}
_MILLISECONDS_FROM = 10**11
"""A time since 1970 beyond this is in milliseconds."""


class SourceFailed(Exception):
    """LaunchDarkly refuses, or cannot be reached; says why."""


class Source:
    """`pause` waits for so many seconds, and raises what ends the reading early."""

    def __init__(self, base_url: str, token: str, *, pause: Callable[[float], None]) -> None:
        self._pause = pause
        headers = {"Authorization": token, "LD-API-Version": API_VERSION, "User-Agent": "Vexil-Import"}
        self._client = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v2/", headers=headers, timeout=_TIMEOUT_SECONDS
        )

    def close(self) -> None:
        self._client.close()

    def environments(self, project: str) -> list[Any]:
        return list(self._items(f"projects/{_part(project)}/environments"))

    def flags(self, project: str, environment: str) -> Iterator[Any]:
        """All flags, with what they are in one environment; those that are archived come last."""
        for also in ("", ",archived:true"):
            # `env` is what older versions of the API knew.
            query = {"summary": "0", "env": environment, "filter": f"filterEnv:{environment}{also}"}
            yield from self._items(f"flags/{_part(project)}", **query)

    def segments(self, project: str, environment: str) -> Iterator[Any]:
        return self._items(f"segments/{_part(project)}/{_part(environment)}")

    def _items(self, path: str, **query: str) -> Iterator[Any]:
        offset = 0
        while True:
            page = self._get(path, {**query, "limit": str(_PAGE), "offset": str(offset)})
            items = page.get("items") if isinstance(page, dict) else None
            if not isinstance(items, list):
                raise SourceFailed(f"LaunchDarkly answered {path} with something other than a list.")
            yield from items
            offset += len(items)
            total = page.get("totalCount")
            is_last = offset >= total if isinstance(total, int) else len(items) < _PAGE
            if is_last or not items or offset >= _ITEMS_MAX:
                return

    def _get(self, path: str, query: dict[str, str]) -> Any:
        problem = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self._client.get(path, params=query)
            except httpx.TransportError as error:
                problem = f"could not be reached: {type(error).__name__}"
                self._pause(_backoff(attempt))
                continue
            if answer.status_code == 200:
                return _json(answer, path)
            if answer.status_code not in _PASSING:
                raise SourceFailed(_REFUSALS.get(answer.status_code, f"LaunchDarkly answered {answer.status_code}."))
            problem = f"answered {answer.status_code}"
            self._pause(wait_seconds(answer.headers, attempt, now=time.time()))
        raise SourceFailed(f"LaunchDarkly {problem}, {ATTEMPTS} times in a row.")


def wait_seconds(headers: httpx.Headers, attempt: int, *, now: float) -> float:
    """As long as LaunchDarkly asks for, within reason; otherwise longer each time."""
    if (after := headers.get("Retry-After", "")).isdecimal():
        seconds = float(after)
    elif (reset := headers.get("X-Ratelimit-Reset", "")).isdecimal():
        moment = int(reset)
        seconds = (moment / 1000 if moment > _MILLISECONDS_FROM else moment) - now
    else:
        seconds = _backoff(attempt)
    return min(max(seconds, 0.1), WAIT_SECONDS_MAX)


_REFUSALS = {
    401: "LaunchDarkly does not know the access token.",
    403: "The access token may not read this at LaunchDarkly.",
    404: "LaunchDarkly has no such project, or the access token may not see it.",
}


def _part(name: str) -> str:
    return quote(name, safe="")


def _backoff(attempt: int) -> float:
    return min(WAIT_SECONDS_MAX, 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 -- no secret


def _json(answer: httpx.Response, path: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise SourceFailed(f"LaunchDarkly answered {path} with something other than JSON.") from None
