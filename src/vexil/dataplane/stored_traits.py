"""`/api/v1/traits/`: setting the traits of identities without evaluating anything (sdk-api.md §5)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from vexil.dataplane import bodies, errors, trait_forms
from vexil.dataplane.environments import Access
from vexil.dataplane.lookups import Save
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.dataplane.trait_forms import IdentityTrait
from vexil.stores.identities import Increment, IntegerTooLarge, NotAnInteger, Upsert
from vexil.wire import json_text
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)
_AT_ONCE_MAX = 500
"""Of one request; other requests' writes come in between."""

Add = Callable[[Increment], Awaitable[int]]


class StoredTraits:
    """The endpoints; `save` and `add` return when their change is on disk."""

    def __init__(self, save: Save, add: Add, body_bytes_max: int) -> None:
        self._save = save
        self._add = add
        self._body_bytes_max = body_bytes_max

    async def post(self, request: Request) -> Response:
        refuse_unless_stored(request.access)
        given = trait_forms.trait(await bodies.read(request, self._body_bytes_max))
        refuse_unless_allowed(request.access)
        await self._save(Upsert(request.access.environment.id, given.identifier, {given.key: given.value}))
        return Response(200, _JSON, json_text.dumps(given.as_form()))

    async def put_many(self, request: Request) -> Response:
        refuse_unless_stored(request.access)
        if not _may_set(request.access):
            raise errors.detail(400, "Unable to set traits with client key.", "client_traits_not_allowed")
        given = trait_forms.traits(await bodies.read(request, self._body_bytes_max))
        upserts = _upserts(request.access.environment.id, given)
        for start in range(0, len(upserts), _AT_ONCE_MAX):
            await asyncio.gather(*map(self._save, upserts[start : start + _AT_ONCE_MAX]))
        kept = [trait.as_form() for trait in given if trait.value is not None]
        return Response(200, _JSON, json_text.dumps(kept))

    async def increment(self, request: Request) -> Response:
        refuse_unless_stored(request.access)
        given = trait_forms.increment(await bodies.read(request, self._body_bytes_max))
        refuse_unless_allowed(request.access)
        addition = Increment(request.access.environment.id, given.identifier, given.trait_key, given.by)
        try:
            value = await self._add(addition)
        except NotAnInteger:
            raise errors.invalid(["Trait is not an integer."]) from None
        except IntegerTooLarge:
            raise errors.invalid(["The sum does not fit into 64 bits."]) from None
        answer = {"trait_key": given.trait_key, "trait_value": value, "identifier": given.identifier}
        return Response(200, _JSON, json_text.dumps(answer))


def refuse_unless_stored(access: Access) -> None:
    if not access.environment.organisation.persist_trait_data:
        raise errors.detail(403, "Organisation is not authorised to store traits.", "traits_not_stored")


def refuse_unless_allowed(access: Access) -> None:
    if not _may_set(access):
        raise errors.client_traits_not_allowed()


def _may_set(access: Access) -> bool:
    return access.is_server or access.environment.settings.allow_client_traits


def _upserts(environment_id: int, given: Iterable[IdentityTrait]) -> list[Upsert]:
    """One for each identity. Deletions go first."""
    upserts: dict[str, Upsert] = {}
    for trait in given:
        upsert = upserts.setdefault(trait.identifier, Upsert(environment_id, trait.identifier))
        # compat: of a key given twice the first value is stored, unlike at `/identities/`, where it is the last.
        if upsert.traits.get(trait.key) is None:
            upsert.traits[trait.key] = trait.value
    return list(upserts.values())
