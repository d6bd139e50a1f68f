"""`GET /api/v1/flags/`: the environment's defaults (sdk-api.md §3)."""

from vexil.dataplane import errors
from vexil.dataplane.environments import Access
from vexil.dataplane.finished import is_known
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.wire.headers import Headers

JSON: Headers = (("Content-Type", "application/json"),)


async def get(request: Request) -> Response:
    access = request.access
    if "feature" not in request.query_string:
        return _all(access, request.headers.get("if-none-match"))
    query = request.query()
    if "feature" not in query:
        return _all(access, request.headers.get("if-none-match"))
    name = query["feature"]
    flag = access.view.by_name.get(name.lower()) if name else access.view.first
    if flag is None:
        raise errors.feature_not_found()
    return Response(200, JSON, flag)


def _all(access: Access, if_none_match: str | None) -> Response:
    flags = access.view.flags
    if if_none_match is not None and is_known(if_none_match, flags.etag):
        return Response(304, (("ETag", flags.etag),))
    headers = (*updated_at(access.environment.updated_at_text), ("ETag", flags.etag))
    return Response(200, headers, flags.plain, prepared=flags)


def updated_at(unix_text: str) -> Headers:
    """Headers of an answer that a client compares with the event stream."""
    return (("Content-Type", "application/json"), ("X-Flagsmith-Document-Updated-At", unix_text))
