"""Older ways to ask for flags, which SDKs of their time still use (sdk-api.md §3 and §4.4)."""

from vexil.dataplane import bodies, errors, forms, subjects, trait_forms, traits
from vexil.dataplane.environments import Access
from vexil.dataplane.lookups import Find, Save
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.dataplane.stored_traits import refuse_unless_allowed, refuse_unless_stored
from vexil.dataplane.traits import ShownTrait
from vexil.stores.identities import Identity, Upsert
from vexil.wire import json_text, snapshot
from vexil.wire.flags import without_variant
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)


class Deprecated:
    """The endpoints; `find` reads one stored identity, `save` returns when its change is on disk."""

    def __init__(self, find: Find, save: Save, body_bytes_max: int) -> None:
        self._find = find
        self._save = save
        self._body_bytes_max = body_bytes_max

    async def flags_of_identifier(self, request: Request, identifier: str) -> Response:
        identity = await self._found_or_created(request.access, identifier)
        flags = _flags(request.access, identity)
        query = request.query()
        if "feature" not in query:
            return Response(200, _JSON, _array(flags))
        name = query["feature"].lower()
        flag = next((flag for feature, flag in flags.items() if not name or feature.lower() == name), None)
        if flag is None:
            raise errors.feature_not_found()
        return Response(200, _JSON, flag)

    async def identity(self, request: Request, identifier: str) -> Response:
        identity = await self._found_or_created(request.access, identifier)
        shown = traits.stored(identity)
        listed = () if request.access.environment.settings.hide_sensitive_data else shown
        segments = request.access.environment.catalogue.matching_segments(
            subjects.subject(request.access.environment, identity.identifier, identity, shown)
        )
        body = b'{"flags":%b,"traits":[%b],"segments":%b}' % (
            _array(_flags(request.access, identity)),
            ",".join(map(traits.as_json, listed)).encode("ascii"),
            json_text.dumps(list(map(_segment, segments))),
        )
        return Response(200, _JSON, body)

    async def set_trait(self, request: Request, identifier: str, trait_key: str) -> Response:
        refuse_unless_stored(request.access)
        key = trait_forms.key_of_url(trait_key)
        value = trait_forms.value_alone(await bodies.read(request, self._body_bytes_max))
        refuse_unless_allowed(request.access)
        owner = forms.identifier_of_query(identifier)
        identity = (await self._save(Upsert(request.access.environment.id, owner, {key: value}))).after
        unseen = ShownTrait(None, key, value, transient=False)  # Another request has deleted it again.
        shown = next((trait for trait in traits.stored(identity) if trait.key == key), unseen)
        return Response(200, _JSON, traits.as_json(shown).encode("ascii"))

    async def _found_or_created(self, access: Access, text: str) -> Identity:
        identifier = forms.identifier_of_query(text)
        identity = await self._find(access.environment.id, identifier)
        return identity or (await self._save(Upsert(access.environment.id, identifier))).after


async def options_of_feature(request: Request, feature_id: str) -> Response:
    catalogue = request.access.environment.catalogue
    feature = catalogue.feature(int(feature_id))
    if feature is None or (feature.is_server_key_only and not request.access.is_server):
        raise errors.detail(404, "No Feature matches the given query.", "no_such_object")
    answer: dict[str, object] = {"control_value": None, "options": []}
    if feature.type == "MULTIVARIATE":
        options = sorted(feature.options, key=lambda option: (option.key is None, option.key or "", option.id))
        values = [{"value": option.value} for option in options]
        answer = {"control_value": catalogue.control_value(feature.id), "options": values}
    return Response(200, _JSON, json_text.dumps(answer))


def _flags(access: Access, identity: Identity) -> dict[str, bytes]:
    """By the feature's name, without those that are hidden."""
    subject = subjects.subject(access.environment, identity.identifier, identity, traits.stored(identity))
    overrides = access.environment.identity_overrides.get(identity.identifier)
    outcomes = access.view.evaluate(subject, overrides)
    named = zip(access.view.feature_names, outcomes, strict=True)
    return {name: without_variant(flag) for name, flag in named if flag}


def _array(flags: dict[str, bytes]) -> bytes:
    return b"[" + b",".join(flags.values()) + b"]"


def _segment(segment: snapshot.Segment) -> dict[str, object]:
    return {"id": segment.id, "name": segment.name, "description": segment.description}
