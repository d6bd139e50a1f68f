"""What stands at the address: Vexil or something before it, its host names, its health, its clock."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from vexil.doctor.asking import Answer, Site, ask, unhappy
from vexil.doctor.findings import Blocked, Finding, bad, because, good, note
from vexil.wire.errors import explain

_SKEW_SECONDS_MAX = 30
_REDIRECTS = {301, 302, 303, 307, 308}


def findings(site: Site) -> Iterator[Finding]:
    # Answered without a look at the database, so that what stands before it is told from what stands behind.
    alive = ask(site, "/health/liveness/")
    if alive.status in _REDIRECTS:
        location = alive.headers.get("location", "nowhere")
        raise Blocked(bad("Redirects", "unexpected_redirect", path=alive.path, location=location))
    yield _server(alive)
    yield good("Redirects", "none")
    yield good("Host", f"{site.host} is answered")
    yield from _health(ask(site, "/health", {"Accept": "application/json"}))
    yield _clock(alive)


def _server(answer: Answer) -> Finding:
    if answer.is_vexil and answer.headers.get("vexil-error-code") == "host_not_allowed":
        text = "the host name is refused"
        raise Blocked(because("Host", text, explain("host_not_allowed")))
    if answer.status != 200 or not answer.is_vexil:
        raise Blocked(unhappy("Server", answer))
    return good("Server", f"version {answer.headers['flagsmith-version']}")


def _health(answer: Answer) -> Iterator[Finding]:
    yield good("Health", "all is well") if answer.status == 200 and answer.is_vexil else unhappy("Health", answer)
    if refused := answer.headers.get("vexil-refused-host"):
        yield note("Host", f"a request was refused lately for its host: {refused}")


def _clock(answer: Answer) -> Finding:
    text = answer.headers.get("date")
    if text is None:
        return note("Clock", "the answer has no Date header")
    try:
        ahead = parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return note("Clock", "the answer's Date header cannot be read")
    if abs(ahead) > _SKEW_SECONDS_MAX + answer.seconds:
        return bad("Clock", "clock_skew", seconds=round(abs(ahead)), direction="ahead of" if ahead > 0 else "behind")
    return good("Clock", "server and client agree")
