"""`GET /api/v1/flags/`: the environment's defaults (sdk-api.md §3)."""

from vexil.dataplane import errors
from vexil.dataplane.compiled import View
from vexil.dataplane.environments import Access
from vexil.dataplane.finished import is_known
from vexil.dataplane.requests import Request, Sender, parsed_query
from vexil.dataplane.rsgi import Response, ScopeHeaders
from vexil.wire.headers import Headers

JSON: Headers = (("Content-Type", "application/json"),)


async def get(request: Request) -> Response:
    found = _found(request.access.view, request.query_string, request.headers)
    if found is None:
        raise errors.feature_not_found()
    return found


def get_at_once(access: Access, sender: Sender, query: bytes) -> Response | None:
    return _found(access.view, query.decode("ascii"), sender.headers)


def _found(view: View, query_string: str, headers: ScopeHeaders) -> Response | None:
    """None where one flag is asked for that there is not."""
    name = parsed_query(query_string).get("feature") if "feature" in query_string else None
    if name is not None:
        flag = view.by_name.get(name.lower()) if name else view.first
        return None if flag is None else Response(200, JSON, flag)
    if_none_match = headers.get("if-none-match")
    if if_none_match is not None and is_known(if_none_match, view.flags.etag):
        return view.flags.unchanged
    return view.flags.whole()
