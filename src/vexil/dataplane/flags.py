"""`GET /api/v1/flags/`: the environment's defaults (sdk-api.md §3)."""

from vexil.dataplane import errors
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.wire.headers import Headers

JSON: Headers = (("Content-Type", "application/json"),)


async def get(request: Request) -> Response:
    access = request.access
    if "feature" not in request.query_string:
        return Response(200, updated_at(access.environment.updated_at_text), access.view.flags)
    query = request.query()
    if "feature" not in query:
        return Response(200, updated_at(access.environment.updated_at_text), access.view.flags)
    name = query["feature"]
    flag = access.view.by_name.get(name.lower()) if name else access.view.first
    if flag is None:
        raise errors.feature_not_found()
    return Response(200, JSON, flag)


def updated_at(unix_text: str) -> Headers:
    """Headers of an answer that a client compares with the event stream."""
    return (("Content-Type", "application/json"), ("X-Flagsmith-Document-Updated-At", unix_text))
