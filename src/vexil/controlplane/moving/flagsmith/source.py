"""The Flagsmith's two APIs: questions asked patiently, each only once."""

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx

from vexil.controlplane.moving.flagsmith.answers import Answers

_ATTEMPTS = 8
_WAIT_SECONDS_MAX = 60.0
_RETRY_AFTER_SECONDS_MAX = 600.0
_TIMEOUT_SECONDS = 60.0
_PAGE_SIZE = 100
_USER_TOKEN = re.compile(r"[0-9a-f]{40}")
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class SourceFailed(Exception):
    """The Flagsmith refuses, or cannot be reached; says which question and why."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Source:
    """`notice` hears of waits, so that nobody takes them for a standstill."""

    def __init__(
        self,
        api_url: str,
        token: str,
        answers: Answers,
        *,
        flags_url: str | None = None,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.api_url = _base(api_url)
        self._flags_url = _base(flags_url or api_url)
        scheme = "Token" if _USER_TOKEN.fullmatch(token) else "Api-Key"
        self._authorization = {"Authorization": f"{scheme} {token}"}
        self._answers = answers
        self._notice = notice
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True)
        self._free_at = 0.0
        """When questions may be asked again, after a 429; for all threads."""
        self._lock = threading.Lock()

    def close(self) -> None:
        self._client.close()
        self._answers.close()

    def get(self, path: str, **query: Any) -> Any:
        """An answer of the Admin API."""
        question = path + (f"?{urlencode(query)}" if query else "")
        known = self._answers.get(question)
        if known is None:
            known = self._ask(self.api_url + question, self._authorization)
            self._answers.put(question, known)
        return known

    def listed(self, path: str, **query: Any) -> Iterator[Any]:
        """The entries of a list, whether it comes in pages or not."""
        for page in self.pages(path, **query):
            yield from page

    def pages(self, path: str, **query: Any) -> Iterator[list[Any]]:
        number, more = 1, True
        while more:
            page = self.get(path, **query, page=number, page_size=_PAGE_SIZE)
            more = isinstance(page, dict) and bool(page.get("next"))
            yield page["results"] if isinstance(page, dict) else page
            number += 1

    def listed_if_allowed(self, path: str, **query: Any) -> list[Any] | None:
        """None where this Flagsmith has no such thing, or does not show it to us."""
        try:
            return list(self.listed(path, **query))
        except SourceFailed as failure:
            if failure.status in {400, 403, 404, 405}:
                return None
            raise

    def flags_of(self, key: str, identifier: str) -> dict[str, Any]:
        """What the Flags API says now of a stored identity: its flags and traits. Not kept."""
        query = urlencode({"identifier": identifier})
        answer: dict[str, Any] = self._ask(f"{self._flags_url}identities/?{query}", {"X-Environment-Key": key})
        return answer

    def _ask(self, url: str, headers: dict[str, str]) -> Any:
        problem = ""
        for attempt in range(_ATTEMPTS):
            self._wait_for_permission()
            try:
                answer = self._client.get(url, headers={**headers, "Accept": "application/json"})
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
                self._pause(attempt, problem)
                continue
            if answer.status_code == 200:
                return _json(answer, url)
            problem = f"status {answer.status_code}: {answer.text[:200]}"
            if answer.status_code not in _PASSING:
                raise SourceFailed(f"{url} answered {problem}", answer.status_code)
            if answer.status_code == 429:
                self._hold(answer.headers.get("Retry-After", ""), attempt)
            else:
                self._pause(attempt, problem)
        raise SourceFailed(f"{url} did not answer after {_ATTEMPTS} attempts; the last said {problem}")

    def _wait_for_permission(self) -> None:
        while (wait := self._free_at - time.monotonic()) > 0:
            time.sleep(wait)

    def _hold(self, retry_after: str, attempt: int) -> None:
        """Keep all threads from asking for as long as a 429 says."""
        seconds = float(retry_after) if retry_after.isdecimal() else _backoff(attempt)
        seconds = min(max(seconds, 0.5), _RETRY_AFTER_SECONDS_MAX)
        with self._lock:
            is_news = self._free_at < time.monotonic()
            self._free_at = max(self._free_at, time.monotonic() + seconds)
        if is_news:
            self._notice(f"The Flagsmith asks to wait for {seconds:.0f} s (429).")

    def _pause(self, attempt: int, problem: str) -> None:
        seconds = _backoff(attempt)
        self._notice(f"Trying again in {seconds:.0f} s: {problem}")
        time.sleep(seconds)


def _base(url: str) -> str:
    """Everything up to and with `/api/v1/`, which people may leave out."""
    bare = url.rstrip("/")
    return f"{bare}/" if bare.endswith("/api/v1") else f"{bare}/api/v1/"


def _backoff(attempt: int) -> float:
    return float(min(_WAIT_SECONDS_MAX, 2**attempt)) * random.uniform(0.5, 1.0)  # noqa: S311 -- no secret


def _json(answer: httpx.Response, url: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise SourceFailed(f"{url} answered with something other than JSON: is this the address of the API?") from None
