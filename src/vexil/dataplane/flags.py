"""`GET /api/v1/flags/`: the environment's defaults (sdk-api.md §3)."""

from vexil.dataplane import errors
from vexil.dataplane.environments import Access
from vexil.dataplane.finished import Finished, is_known
from vexil.dataplane.requests import Request, Sender
from vexil.dataplane.rsgi import Response
from vexil.wire.headers import Headers

JSON: Headers = (("Content-Type", "application/json"),)


async def get(request: Request) -> Response:
    view = request.access.view
    if "feature" not in request.query_string:
        return _all(view.flags, request.headers.get("if-none-match"))
    query = request.query()
    if "feature" not in query:
        return _all(view.flags, request.headers.get("if-none-match"))
    name = query["feature"]
    flag = view.by_name.get(name.lower()) if name else view.first
    if flag is None:
        raise errors.feature_not_found()
    return Response(200, JSON, flag)


def get_at_once(access: Access, sender: Sender, _: bytes) -> Response:
    """All flags, to a request without a query."""
    return _all(access.view.flags, sender.headers.get("if-none-match"))


def _all(flags: Finished, if_none_match: str | None) -> Response:
    if if_none_match is not None and is_known(if_none_match, flags.etag):
        return flags.unchanged
    return flags.whole()
