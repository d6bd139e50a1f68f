"""The error catalogue: for every error a stable `code`, a `hint` for the request at hand, and where it is documented.

Error bodies keep the contract's own fields and gain these three (docs/adr/0008). `NOT_REACHED` are the codes that only
`vexil doctor` can tell, since Vexil was not reached.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from vexil.wire.catalogue import credentials, requests, service
from vexil.wire.catalogue.entries import Entry
from vexil.wire.headers import Headers

PAGE = "/docs/http-errors/"
PROBLEM_JSON = "application/problem+json"
CODE_HEADER = "Vexil-Error-Code"
"""For clients that look at no body, and for bodies that can hold no code: lists, HTML, nothing."""

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "Flags API: keys": credentials.FLAGS_API,
    "Admin API: credentials and rights": credentials.ADMIN_API,
    "Addresses and paths": requests.PATHS,
    "Objects": requests.OBJECTS,
    "Bodies and rules": requests.BODIES,
    "Limits of use": service.LIMITS,
    "The server cannot answer": service.OUTAGES,
    "Vexil was not reached, or not well": service.NOT_REACHED,
    "The installation itself": service.LOCAL,
}
CATALOGUE: Mapping[str, Entry] = {entry.code: entry for entries in SECTIONS.values() for entry in entries}


class Explanation(NamedTuple):
    """What went wrong, for one request."""

    code: str
    hint: str

    @property
    def docs(self) -> str:
        return f"{PAGE}#{self.code}"

    @property
    def headers(self) -> Headers:
        return ((CODE_HEADER, self.code),)


def explain(code: str, **facts: object) -> Explanation:
    """The catalogue's hint with the facts of the request; nothing secret may be among them."""
    return Explanation(code, CATALOGUE[code].hint.format(**facts))


def example(entry: Entry) -> Explanation:
    return explain(entry.code, **entry.facts)


_BY_STATUS = {401: "missing_credentials", 404: "no_such_object", 406: "not_acceptable", 503: "database_unavailable"}


def explain_status(status: int, method: str) -> Explanation:
    """Of an answer that nobody has explained: what its status says, and never nothing."""
    if status == 403:
        return explain("permission_denied", who="The holder of this credential", method=method)
    return explain(_BY_STATUS.get(status, "not_allowed" if status < 500 else "internal_error"))


def with_explanation(body: Any, explanation: Explanation) -> Any:
    """The contract's body and the three fields; a list, or a field of such a name, stays as it is."""
    if not isinstance(body, dict):
        return body
    return {**body, **{name: text for name, text in _added(explanation).items() if name not in body}}


def problem(status: int, body: Any, explanation: Explanation) -> dict[str, Any]:
    """The same as RFC 9457 wants it, for clients that accept `application/problem+json`."""
    found: dict[str, Any] = {
        "type": explanation.docs,
        "title": CATALOGUE[explanation.code].title,
        "status": status,
        "detail": _text(body) or HTTPStatus(status).phrase,
        **_added(explanation),
    }
    if body is not None and not (isinstance(body, dict) and set(body) == {"detail"}):
        found["errors"] = body
    return found


def wants_problem(accept: str | None) -> bool:
    return accept is not None and PROBLEM_JSON in accept


def _added(explanation: Explanation) -> dict[str, str]:
    return {"code": explanation.code, "hint": explanation.hint, "docs": explanation.docs}


def _text(body: Any) -> str:
    """The contract's own sentence, if it is the only one."""
    return body["detail"] if isinstance(body, dict) and isinstance(body.get("detail"), str) else ""
