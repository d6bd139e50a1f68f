"""The Flags API as an SDK sees it: path, key, document, and what a cache in between does."""

from collections.abc import Iterator

from vexil.doctor.asking import Answer, Site, ask, explanation, unhappy
from vexil.doctor.findings import Finding, bad, because, good, note
from vexil.wire.errors import Explanation
from vexil.wire.keys import is_server_key

_FLAGS, _DOCUMENT = "/api/v1/flags/", "/api/v1/environment-document/"
_CACHES = ("x-cache", "cf-cache-status", "x-cache-status", "x-proxy-cache")
_SLOW_SECONDS = 3.0
_LARGE_BYTES = 5_000_000


def findings(site: Site, key: str | None) -> Iterator[Finding]:
    without_key = ask(site, _FLAGS)
    yield _prefix(without_key)
    yield _slash(ask(site, _FLAGS.rstrip("/")))
    if key is None:
        yield note("Key", "none given: --key examines it")
        return
    answer = ask(site, _FLAGS, {"X-Environment-Key": key})
    yield _key(answer, key)
    yield _cache(answer)
    if answer.status == 200 and answer.is_vexil:
        yield from _document(site, key)


def _prefix(answer: Answer) -> Finding:
    if answer.is_vexil and answer.status == 403 and explanation(answer).code == "missing_environment_key":
        return good("Prefix", f"{_FLAGS} is the Flags API, and asks for a key")
    return unhappy("Prefix", answer)


def _slash(answer: Answer) -> Finding:
    if answer.status == 301 and answer.headers.get("location", "").partition("?")[0].endswith(_FLAGS):
        return good("Slash", "a path without its final slash is redirected")
    if answer.is_vexil and answer.status == 404:
        return note("Slash", "a path without its final slash is 404 here (APPEND_SLASH=false)")
    return unhappy("Slash", answer)


def _key(answer: Answer, key: str) -> Finding:
    kind = "server" if is_server_key(key) else "client"
    if answer.status == 200 and answer.is_vexil:
        flags = answer.json()
        return good("Key", f"the {kind} key opens {len(flags) if isinstance(flags, list) else '?'} flags")
    found = explanation(answer)
    if found.code == "missing_environment_key" and key.strip():
        hint = "The server did not get the header X-Environment-Key: let the proxy in between pass it on."
        return because("Header", "the key did not arrive", Explanation(found.code, hint))
    return unhappy("Key", answer)


def _cache(answer: Answer) -> Finding:
    signs = [f"{name}: {answer.headers[name]}" for name in _CACHES if answer.headers.get(name, "").upper()[:3] == "HIT"]
    if answer.headers.get("age", "0") != "0":
        signs.append(f"age: {answer.headers['age']}")
    if signs:
        return bad("Cache", "answers_cached", sign=", ".join(signs))
    return good("Cache", "nothing in between keeps answers")


def _document(site: Site, key: str) -> Iterator[Finding]:
    if not is_server_key(key):
        yield note(
            "Document", "needs a server key (ser.…); a client key does not open it, so no local evaluation with it"
        )
        return
    answer = ask(site, _DOCUMENT, {"X-Environment-Key": key})
    if answer.status != 200:
        yield unhappy("Document", answer)
        return
    yield _size(answer)
    validators = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    known = {name: answer.headers[source] for name, source in validators.items() if source in answer.headers}
    again = ask(site, _DOCUMENT, {"X-Environment-Key": key, **known})
    if again.status == 304:
        yield good("304", "an unchanged document is not sent again")
    else:
        yield note("304", "the document is sent again although it is unchanged: something in between removes ETag")


def _size(answer: Answer) -> Finding:
    kilobytes, seconds = len(answer.body) // 1000, round(answer.seconds, 2)
    if len(answer.body) > _LARGE_BYTES or answer.seconds > _SLOW_SECONDS:
        return bad("Document", "slow_document", kilobytes=kilobytes, seconds=seconds)
    return good("Document", f"{kilobytes} kB in {seconds} s")
