"""`POST /api/v1/identities/explain/`: each flag's value for one identity, and why. Server keys only.

Takes what `POST /api/v1/identities/` takes; stored traits and overrides count, and nothing is written.
"""

import asyncio
from typing import Any

from vexil.dataplane import bodies, forms, rsgi, subjects, traits
from vexil.dataplane.environments import Access
from vexil.dataplane.forms import GivenIdentity
from vexil.dataplane.lookups import Find
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.dataplane.traits import ShownTrait
from vexil.reasons import explanations
from vexil.stores.identities import Identity
from vexil.wire import json_text


class Explain:
    def __init__(self, find: Find, body_bytes_max: int) -> None:
        self._find = find
        self._body_bytes_max = body_bytes_max

    async def post(self, request: Request) -> Response:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        given = await bodies.digested(body, request.headers.get("content-type"), _given)
        access = request.access
        identity = await self._find(access.environment.id, given.identifier) if given.identifier else None
        # Each step of each segment takes its time: other requests must not wait for it.
        explanation = await asyncio.to_thread(_explained, access, given, identity)
        return Response(200, access.environment.headers, json_text.dumps(explanation))


def _given(body: bytes, content_type: str | None) -> GivenIdentity:
    return forms.identity_in_short(bodies.parse(body, content_type))


def _explained(access: Access, given: GivenIdentity, identity: Identity | None) -> dict[str, Any]:
    environment = access.environment
    shown = traits.overlaid(traits.stored(identity), given.traits, all_transient=True)
    identifier = given.identifier or subjects.anonymous_identifier(shown)
    subject = subjects.subject(environment, identifier, identity, shown)
    overrides = environment.identity_overrides.get(identifier) if given.identifier else None
    decisions, hides_disabled = access.view.decisions, access.view.hides_disabled
    return {
        "identifier": identifier,
        "traits": list(map(_trait, shown)),
        "segments": explanations.of_segments(decisions, subject),
        "flags": explanations.of_flags(decisions, subject, overrides, hides_disabled=hides_disabled),
    }


def _trait(trait: ShownTrait) -> dict[str, Any]:
    return {"trait_key": trait.key, "trait_value": trait.value, "transient": trait.transient}
