"""`POST /api/v1/identities/batch/`: the flags of up to 1,000 identities, sent as they are evaluated.

Stateless: each identity has the traits that the request gives it, and nothing is read from or written to the store.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from vexil.dataplane import bodies, errors, fields, forms, identities, rsgi
from vexil.dataplane.environments import Access
from vexil.dataplane.errors import Refusal
from vexil.dataplane.forms import GivenIdentity
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response

IDENTITIES_MAX = 1000
_PIECE_BYTES = 65_536


class Batch:
    def __init__(self, body_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max

    async def post(self, request: Request) -> Response:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        access = request.access
        given = await bodies.digested(body, request.headers.get("content-type"), _given)
        if not (access.is_server or access.environment.settings.allow_client_traits):
            given = [identity._replace(traits={}) for identity in given]
        headers = access.environment.headers
        return Response(200, headers, pieces=_pieces(access, given))


def _given(body: bytes, content_type: str | None) -> list[GivenIdentity]:
    """Raise `Refusal` with the errors of each identity at its place."""
    form = bodies.parse(body, content_type)
    if not isinstance(form, dict):
        raise errors.invalid({"non_field_errors": [fields.not_a_dictionary(form)]})
    problems: fields.Problems = {}
    entries = fields.required(problems, "identities", fields.not_null, form)
    if problems:
        raise errors.invalid(problems)
    if not isinstance(entries, list):
        raise errors.invalid({"identities": {"non_field_errors": [fields.not_a_list(entries)]}})
    if len(entries) > IDENTITIES_MAX:
        raise errors.invalid({"identities": [f"Ensure this field has no more than {IDENTITIES_MAX} elements."]})
    given: list[GivenIdentity] = []
    found: list[Any] = []
    for entry in entries:
        try:
            given.append(forms.identity_in_short(entry))
            found.append({})
        except Refusal as refusal:
            found.append(refusal.content)
    if any(found):
        raise errors.invalid({"identities": found})
    return given


async def _pieces(access: Access, given: list[GivenIdentity]) -> AsyncIterator[bytes]:
    """A JSON array with one identity on each line, so that a client can read it line by line as well."""
    waiting = bytearray(b"[")
    separator = b"\n"
    for identity in given:
        waiting += separator + identities.stateless(access, identity).body()
        separator = b",\n"
        if len(waiting) >= _PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
            # Other requests have their turn between two pieces.
            await asyncio.sleep(0)
    yield bytes(waiting) + b"\n]\n"
