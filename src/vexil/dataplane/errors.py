"""What the data plane refuses, and how it says so (sdk-api.md §1.1 and §1.6)."""

from typing import Any

from vexil.wire import json_text
from vexil.wire.headers import Headers


class Refusal(Exception):
    """A request that is answered with an error; the body is JSON."""

    def __init__(self, status: int, body: Any, headers: Headers = ()) -> None:
        super().__init__(status, body)
        self.status = status
        self.content = body
        self.body = json_text.dumps(body)
        self.headers = headers


def detail(status: int, text: str, headers: Headers = ()) -> Refusal:
    return Refusal(status, {"detail": text}, headers)


def missing_key() -> Refusal:
    return detail(403, "Invalid or missing Environment key")


def unknown_key() -> Refusal:
    return detail(401, "Invalid or missing Environment Key", (("WWW-Authenticate", 'X-Environment-Key realm="api"'),))


def not_serving() -> Refusal:
    return detail(403, "Organisation is disabled from serving flags.")


def method_not_allowed(method: str) -> Refusal:
    return detail(405, f'Method "{method}" not allowed.')


def not_acceptable() -> Refusal:
    return detail(406, "Could not satisfy the request Accept header.")


def unsupported_media_type(media_type: str) -> Refusal:
    return detail(415, f'Unsupported media type "{media_type}" in request.')


def body_too_large(bytes_max: int) -> Refusal:
    return detail(413, f"The request body is larger than {bytes_max} bytes.")


def body_incomplete() -> Refusal:
    return detail(400, "The request body ended before all of it was sent.")


def feature_not_found() -> Refusal:
    return detail(404, "Given feature not found")


def not_found() -> Refusal:
    return detail(404, "Not found.")


def no_such_stream() -> Refusal:
    return detail(404, "There is no event stream for this key. The path takes the environment's client key.")


def too_many_streams(retry_after_seconds: int) -> Refusal:
    return detail(503, "Too many event streams at the moment.", (("Retry-After", str(retry_after_seconds)),))


def unavailable() -> Refusal:
    """The store is away: the client is served when it comes back a second later."""
    return detail(503, "The database cannot be reached at the moment. Try again.", (("Retry-After", "1"),))


def invalid(errors: Any) -> Refusal:
    return Refusal(400, errors)
