"""The Admin API as a script sees it: its credential, its throttle, and the task runner behind it."""

import re
from collections.abc import Iterator

from vexil.doctor.asking import Answer, Site, ask, unhappy
from vexil.doctor.findings import Finding, bad, good, note

_ORGANISATIONS = "/api/v1/organisations/"
_WAITING = "/processor/monitoring/"
_WAITING_MAX = 100
_USER_TOKEN = re.compile(r"[0-9a-f]{40}")


def findings(site: Site, token: str | None) -> Iterator[Finding]:
    if token is None:
        yield note("Token", "none given: --token examines it")
        return
    headers = {"Authorization": authorization(token)}
    answer = ask(site, _ORGANISATIONS, headers)
    yield from _credential(answer)
    if answer.status == 200:
        yield _worker(ask(site, _WAITING, headers))


def authorization(token: str) -> str:
    """A whole header's value as it is; a bare one with the word that belongs to its form."""
    if " " in token.strip():
        return token
    return f"Token {token}" if _USER_TOKEN.fullmatch(token) else f"Api-Key {token}"


def _credential(answer: Answer) -> Iterator[Finding]:
    if answer.status == 200 and answer.is_vexil:
        yield good("Token", "the Admin API knows it")
        yield _throttle(answer)
    elif answer.status == 429:
        yield unhappy("Throttle", answer)
    else:
        yield unhappy("Token", answer)


def _throttle(answer: Answer) -> Finding:
    left, limit = answer.headers.get("x-ratelimit-remaining"), answer.headers.get("x-ratelimit-limit")
    return good("Throttle", f"{left} of {limit} requests are left" if left and limit else "not reached")


def _worker(answer: Answer) -> Finding:
    body = answer.json()
    if answer.status != 200 or not isinstance(body, dict) or not isinstance(body.get("waiting"), int):
        return note("Worker", "the token of a staff user would show what waits for the task runner")
    if body["waiting"] > _WAITING_MAX:
        return bad("Worker", "worker_behind", waiting=body["waiting"])
    return good("Worker", f"{body['waiting']} tasks wait")
