"""`GET /api/v1/environment-document/`: all that local evaluation needs (sdk-api.md §6)."""

from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.wire import times


async def get(request: Request) -> Response:
    environment = request.access.environment
    condition = request.headers.get("if-modified-since")
    if condition is not None and _is_unchanged(condition, environment.last_modified):
        return Response(304, (("Last-Modified", environment.last_modified),))
    headers = (
        ("Content-Type", "application/json"),
        ("X-Flagsmith-Document-Updated-At", environment.updated_at_text),
        ("Last-Modified", environment.last_modified),
    )
    return Response(200, headers, environment.document)


def _is_unchanged(condition: str, last_modified: str) -> bool:
    if condition == last_modified:
        return True
    since, changed = times.parse_http_date(condition), times.parse_http_date(last_modified)
    return since is not None and changed is not None and since >= changed
