"""`GET /api/v1/environment-document/`: all that local evaluation needs (sdk-api.md §6)."""

from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.environments import Access
from vexil.dataplane.finished import is_known
from vexil.dataplane.requests import Request, Sender
from vexil.dataplane.rsgi import Response, ScopeHeaders
from vexil.wire import times


async def get(request: Request) -> Response:
    return _answer(request.access.environment, request.headers)


def get_at_once(access: Access, sender: Sender, _: bytes) -> Response:
    return _answer(access.environment, sender.headers)


def _answer(environment: CompiledEnvironment, headers: ScopeHeaders) -> Response:
    document = environment.document
    return document.unchanged if _is_unchanged(headers, environment) else document.whole()


def _is_unchanged(headers: ScopeHeaders, environment: CompiledEnvironment) -> bool:
    """Of two conditions the ETag alone counts: it is exact, where a date knows whole seconds only."""
    if_none_match = headers.get("if-none-match")
    if if_none_match is not None:
        return is_known(if_none_match, environment.document.etag)
    if_modified_since = headers.get("if-modified-since")
    return if_modified_since is not None and _is_not_later(environment.last_modified, if_modified_since)


def _is_not_later(last_modified: str, condition: str) -> bool:
    if condition == last_modified:
        return True
    since, changed = times.parse_http_date(condition), times.parse_http_date(last_modified)
    return since is not None and changed is not None and since >= changed
