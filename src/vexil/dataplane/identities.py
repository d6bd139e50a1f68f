"""`GET` and `POST /api/v1/identities/`: the flags of one identity (sdk-api.md §4).

An answer costs one row read; a write only when something changed, and then the answer waits for its commit.
"""

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from vexil import engine
from vexil.dataplane import bodies, errors, forms, rsgi
from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.environments import Access
from vexil.dataplane.flags import updated_at
from vexil.dataplane.forms import GivenTrait
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.stores.identities import Identity, TraitValue, Upsert
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)

Find = Callable[[int, str], Awaitable[Identity | None]]
Save = Callable[[Upsert], Awaitable[Identity]]


class ShownTrait(NamedTuple):
    """A trait as the answer lists it and the evaluation uses it."""

    id: int | None
    key: str
    value: TraitValue
    transient: bool


class Identities:
    """The endpoint; `find` reads one stored identity, `save` returns when its change is on disk."""

    def __init__(self, find: Find, save: Save, body_bytes_max: int) -> None:
        self._find = find
        self._save = save
        self._body_bytes_max = body_bytes_max

    async def get(self, request: Request) -> Response:
        query = request.query()
        identifier = query.get("identifier", "")
        if not identifier:
            # compat: old clients take this answer for "no flags"; a 400 would break them.
            return Response(200, _JSON, b'{"detail":"Missing identifier"}')
        identifier = forms.identifier_of_query(identifier)
        access = request.access
        identity = None
        if not query.get("transient"):
            identity = await self._found_or_created(access.environment.id, identifier)
        outcomes = _evaluate(access, identifier, identity, _stored(identity), use_overrides=identity is not None)
        if "feature" in query:
            return _one(access, outcomes, query["feature"])
        return _answer(access, identifier, _stored(identity), outcomes)

    async def post(self, request: Request) -> Response:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        given = forms.identity(bodies.parse(body, request.headers.get("content-type")))
        access = request.access
        is_allowed = access.is_server or access.environment.settings.allow_client_traits
        traits = given.traits if is_allowed else {}
        if not given.identifier:
            return _anonymous(access, traits)
        if given.transient:
            identity = await self._find(access.environment.id, given.identifier)
            shown = _overlaid(_stored(identity), traits, all_transient=True)
        else:
            identity, shown = await self._stored_with(access.environment, given.identifier, traits)
        outcomes = _evaluate(access, given.identifier, identity, shown)
        return _answer(access, given.identifier, shown, outcomes)

    async def _found_or_created(self, environment_id: int, identifier: str) -> Identity:
        identity = await self._find(environment_id, identifier)
        return identity or await self._save(Upsert(environment_id, identifier))

    async def _stored_with(
        self, environment: CompiledEnvironment, identifier: str, given: Mapping[str, GivenTrait]
    ) -> tuple[Identity, list[ShownTrait]]:
        """Bring the stored identity to what was given, and show what it then has."""
        identity = await self._find(environment.id, identifier)
        persists = environment.organisation.persist_trait_data
        changes = _changes(identity, given) if persists else {}
        if identity is not None and not changes:
            return identity, _overlaid(_stored(identity), given)
        saved = await self._save(Upsert(environment.id, identifier, changes))
        shown = _stored(saved)
        if identity is not None:
            # compat: on an identity that was there before, a trait stored by this very request has no id yet.
            known = {trait.key for trait in identity.traits}
            shown = [trait if trait.key in known else trait._replace(id=None) for trait in shown]
        return saved, _overlaid(shown, given)


def _stored(identity: Identity | None) -> list[ShownTrait]:
    if identity is None:
        return []
    return [ShownTrait(trait.id, trait.key, trait.value, transient=False) for trait in identity.traits]


def _changes(identity: Identity | None, given: Mapping[str, GivenTrait]) -> dict[str, TraitValue | None]:
    """What must be written: new and different values, and None for stored traits that are to go."""
    stored = identity.trait_values() if identity else {}
    changes = {}
    for key, trait in given.items():
        if trait.transient:
            continue
        present = stored.get(key)
        if present != trait.value or type(present) is not type(trait.value):
            changes[key] = trait.value
    return changes


def _overlaid(
    stored: list[ShownTrait], given: Mapping[str, GivenTrait], *, all_transient: bool = False
) -> list[ShownTrait]:
    """The stored traits with those given ones that are not among them, or that stand in for them."""
    if not given:
        return stored
    shown = {trait.key: trait for trait in stored}
    for trait in given.values():
        present = shown.get(trait.key)
        if trait.value is None:
            if not trait.transient:
                shown.pop(trait.key, None)
        elif present is None or trait.transient or all_transient or not _is_same(present.value, trait.value):
            shown[trait.key] = ShownTrait(None, trait.key, trait.value, trait.transient or all_transient)
    return list(shown.values())


def _is_same(one: TraitValue, other: TraitValue) -> bool:
    return one == other and type(one) is type(other)


def _anonymous(access: Access, given: Mapping[str, GivenTrait]) -> Response:
    """An identity that is known by its traits alone and never stored."""
    shown = [
        ShownTrait(None, trait.key, trait.value, transient=True) for trait in given.values() if trait.value is not None
    ]
    identifier = _fingerprint(shown) if shown else uuid.uuid4().hex
    return _answer(access, identifier, shown, _evaluate(access, identifier, None, shown, use_overrides=False))


def _fingerprint(traits: list[ShownTrait]) -> str:
    """Equal traits are the same anonymous identity, and so get the same variants."""
    text = "".join(f"{trait.key}{trait.value}" for trait in sorted(traits, key=lambda trait: trait.key))
    return hashlib.sha256(text.encode()).hexdigest()


def _evaluate(
    access: Access, identifier: str, identity: Identity | None, traits: list[ShownTrait], *, use_overrides: bool = True
) -> list[bytes]:
    environment = access.environment
    settings = environment.settings
    if settings.use_identity_composite_key_for_hashing:
        key = f"{settings.api_key}_{identifier}"
    else:
        key = str(identity.id) if identity else identifier
    subject = engine.Subject(
        identifier=identifier,
        key=key,
        traits={trait.key: trait.value for trait in traits},
        environment_key=settings.api_key,
        environment_name=settings.name,
    )
    overrides = environment.identity_overrides.get(identifier) if use_overrides else None
    return access.view.evaluate(subject, overrides)


def _one(access: Access, outcomes: list[bytes], feature_name: str) -> Response:
    headers = updated_at(access.environment.updated_at_text)
    for name, flag in zip(access.view.feature_names, outcomes, strict=True):
        if name == feature_name and flag:
            return Response(200, headers, flag)
    refusal = errors.feature_not_found()
    return Response(refusal.status, headers, refusal.body)


def _answer(access: Access, identifier: str, traits: list[ShownTrait], outcomes: list[bytes]) -> Response:
    environment = access.environment
    shown = () if environment.settings.hide_sensitive_data else traits
    head = f'{{"identifier":{encode_basestring_ascii(identifier)},"traits":[{",".join(map(_trait, shown))}],"flags":['
    flags = b",".join(filter(None, outcomes)) if access.view.hides_disabled else b",".join(outcomes)
    return Response(200, updated_at(environment.updated_at_text), b"".join((head.encode("ascii"), flags, b"]}")))


def _trait(trait: ShownTrait) -> str:
    identifier = "null" if trait.id is None else str(trait.id)
    transient = "true" if trait.transient else "false"
    return (
        f'{{"id":{identifier},"trait_key":{encode_basestring_ascii(trait.key)},'
        f'"trait_value":{_value(trait.value)},"transient":{transient}}}'
    )


def _value(value: TraitValue) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
