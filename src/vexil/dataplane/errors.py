"""What the data plane refuses, and how it says so (sdk-api.md §1.1 and §1.6).

A refusal is explained only when it is answered: what raises it need not know the request.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from vexil.dataplane.rsgi import Head, Response
from vexil.told_errors import told_errors
from vexil.wire import credentials, errors, json_text, paths
from vexil.wire.errors import Explanation, explain
from vexil.wire.headers import Headers

Because = Callable[[Head], Explanation]

_HOST_CHARACTERS_MAX = 100
_UNREACHABLE = "The database cannot be reached at the moment. Try again."
_SOON: Headers = (("Retry-After", "1"),)


class Refusal(Exception):
    """A request that is answered with an error; the body is JSON."""

    def __init__(self, status: int, body: Any, headers: Headers = (), *, because: Because) -> None:
        super().__init__(status, body)
        self.status = status
        self.content = body
        self.headers = headers
        self.because = because


def answer(refusal: Refusal, head: Head) -> Response:
    """The refusal with its code and hint; as RFC 9457 has it for clients that accept that."""
    explanation = refusal.because(head)
    told_errors.add(explanation.code)
    if errors.wants_problem(head.headers.get("accept")):
        kind, body = errors.PROBLEM_JSON, errors.problem(refusal.status, refusal.content, explanation)
    else:
        kind, body = "application/json", errors.with_explanation(refusal.content, explanation)
    headers = (("Content-Type", kind), *refusal.headers, *explanation.headers)
    return Response(refusal.status, headers, json_text.dumps(body))


def for_code(code: str, **facts: object) -> Because:
    return lambda _: explain(code, **facts)


def detail(status: int, text: str, code: str, headers: Headers = (), **facts: object) -> Refusal:
    return Refusal(status, {"detail": text}, headers, because=for_code(code, **facts))


def missing_key() -> Refusal:
    body = {"detail": "Invalid or missing Environment key"}
    return Refusal(
        403, body, because=lambda head: credentials.absent_environment_key(head.headers.get("authorization"))
    )


def server_key_needed() -> Refusal:
    body = {"detail": "Invalid or missing Environment key"}
    return Refusal(403, body, because=lambda head: explain("server_key_needed", path=head.path))


def unknown_key(key: str, ended: str | None = None) -> Refusal:
    """`ended` is the code that tells why the key no longer opens anything, if it once did."""
    body = {"detail": "Invalid or missing Environment Key"}
    challenge = (("WWW-Authenticate", 'X-Environment-Key realm="api"'),)
    if ended:
        return Refusal(401, body, challenge, because=for_code(ended))
    return Refusal(401, body, challenge, because=lambda head: credentials.unknown_environment_key(key, _host(head)))


def not_serving() -> Refusal:
    return detail(403, "Organisation is disabled from serving flags.", "organisation_stopped")


def over_allowance(retry_after_seconds: int, until: datetime) -> Refusal:
    headers = (("Retry-After", str(retry_after_seconds)),)
    text = "Organisation has exceeded its API allowance."
    return detail(429, text, "allowance_exceeded", headers, until=until.isoformat(timespec="seconds"))


def method_not_allowed(method: str, allowed: str) -> Refusal:
    text = f'Method "{method}" not allowed.'
    return detail(405, text, "method_not_allowed", method=method, allowed=allowed)


def not_acceptable() -> Refusal:
    return detail(406, "Could not satisfy the request Accept header.", "not_acceptable")


def unsupported_media_type(media_type: str) -> Refusal:
    text = f'Unsupported media type "{media_type}" in request.'
    sent = "another one" if media_type else "none"
    return detail(415, text, "unsupported_media_type", wanted="application/json", sent=sent)


def body_too_large(bytes_max: int) -> Refusal:
    text = f"The request body is larger than {bytes_max} bytes."
    return detail(413, text, "body_too_large", bytes_max=bytes_max)


def body_incomplete() -> Refusal:
    return detail(400, "The request body ended before all of it was sent.", "body_incomplete")


def malformed_body(text: str, media_type: str = "application/json") -> Refusal:
    return detail(400, text, "malformed_body", media_type=media_type)


def feature_not_found(updated_at_text: str | None = None) -> Refusal:
    headers = (("X-Flagsmith-Document-Updated-At", updated_at_text),) if updated_at_text else ()
    return detail(404, "Given feature not found", "feature_not_found", headers)


def not_found() -> Refusal:
    """For a path that nothing has, on a node that serves the Flags API alone."""
    because: Because = lambda head: paths.explain_unknown(head.path, paths.of_flags_api)  # noqa: E731 -- as its likes
    return Refusal(404, {"detail": "Not found."}, because=because)


def no_such_stream() -> Refusal:
    text = "There is no event stream for this key. The path takes the environment's client key."
    return detail(404, text, "no_event_stream")


def too_many_streams(retry_after_seconds: int) -> Refusal:
    headers = (("Retry-After", str(retry_after_seconds)),)
    text = "Too many event streams at the moment."
    return detail(503, text, "too_many_streams", headers, seconds=retry_after_seconds)


def unavailable() -> Refusal:
    """The store is away: the client is served when it comes back a second later."""
    return detail(503, _UNREACHABLE, "database_unavailable", _SOON)


def not_loaded() -> Refusal:
    """The same right after a start, when what the key opens is not in memory."""
    return detail(503, _UNREACHABLE, "cache_cold", _SOON)


def internal() -> Refusal:
    return detail(500, "Internal server error.", "internal_error")


def client_traits_not_allowed() -> Refusal:
    body = {"non_field_errors": ["Setting traits not allowed with client key."]}
    return Refusal(400, body, because=for_code("client_traits_not_allowed"))


def invalid(problems: Any) -> Refusal:
    """400 with an entry for each wrong field, or a list of texts."""
    fields = ", ".join(map(str, problems)) if isinstance(problems, dict) else "the body"
    return Refusal(400, problems, because=for_code("invalid_fields", fields=fields))


def _host(head: Head) -> str:
    """Only hosts that are served come so far."""
    return (head.headers.get("host") or "this server")[:_HOST_CHARACTERS_MAX]
