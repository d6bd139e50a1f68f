"""`GET` and `POST /api/v1/identities/`: the flags of one identity (sdk-api.md §4).

An answer costs one row read; a write only when something changed, and then the answer waits for its commit.
"""

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii

from vexil.dataplane import bodies, errors, forms, prepared, rsgi, subjects, traits, typical
from vexil.dataplane.compiled import CompiledEnvironment
from vexil.dataplane.environments import Access
from vexil.dataplane.forms import GivenIdentity, GivenTrait
from vexil.dataplane.lookups import Lookups, Save
from vexil.dataplane.prepared import Prepared, PreparedAnswers
from vexil.dataplane.recent import Recent
from vexil.dataplane.requests import Request, Sender, parsed_query
from vexil.dataplane.rsgi import Response
from vexil.dataplane.traits import ShownTrait
from vexil.stores.identifications import Identification, IdentifiedTrait
from vexil.stores.identities import Identity, Upsert
from vexil.wire.headers import Headers

_JSON_TYPE = "application/json"
_JSON: Headers = (("Content-Type", _JSON_TYPE),)

Note = Callable[[Identification], None]


class Identities:
    """The endpoint; `save` returns when its change is on disk, `note` at once."""

    def __init__(
        self, lookups: Lookups, save: Save, note: Note, *, answers: PreparedAnswers, body_bytes_max: int
    ) -> None:
        self._find, self._find_at_once = lookups
        self._save = save
        self._note = note
        self._prepared = answers
        self._seen = Recent()
        self._body_bytes_max = body_bytes_max

    async def get(self, request: Request) -> Response:
        return await self._get(request.access, request.query_string)

    def get_at_once(self, access: Access, _: Sender, query: bytes) -> Response | None:
        return self._prepared_answer(access, query.decode("ascii"))

    async def get_soon(self, access: Access, _: Sender, query: bytes) -> Response:
        return await self._get(access, query.decode("ascii"))

    async def post(self, request: Request) -> Response:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        return await self._post(request.access, request.headers.get("content-type"), body)

    def post_at_once(self, access: Access, sender: Sender, body: bytes) -> Response | None:
        is_json = sender.headers.get("content-type") == _JSON_TYPE
        return self._prepared_answer(access, body) if is_json else None

    async def post_soon(self, access: Access, sender: Sender, body: bytes) -> Response:
        return await self._post(access, sender.headers.get("content-type"), body)

    async def _get(self, access: Access, query_string: str) -> Response:
        if known := await self._known(access, query_string):
            return self._response(access, known)
        query = parsed_query(query_string)
        identifier = forms.identifier_of_query(query.get("identifier", ""))
        if not identifier:
            # compat: old clients take this answer for "no flags"; a 400 would break them.
            return Response(200, _JSON, b'{"detail":"Missing identifier"}')
        identity = None
        if not query.get("transient"):
            identity = await self._found_or_created(access.environment.id, identifier)
        shown = traits.stored(identity)
        outcomes = _evaluate(access, identifier, identity, shown, use_overrides=identity is not None)
        if name := query.get("feature"):
            return _one(access, outcomes, name)
        answer = _prepare(access, identifier, identity, shown, outcomes, reads_row=identity is not None)
        self._prepared.keep(access.view, query_string, answer)
        return self._response(access, answer)

    async def _post(self, access: Access, content_type: str | None, body: bytes) -> Response:
        is_json = content_type == _JSON_TYPE
        if is_json and (known := await self._known(access, body)):
            return self._response(access, known)
        given = await bodies.digested(body, content_type, _given)
        if not (access.is_server or access.environment.settings.allow_client_traits):
            given = given._replace(traits={})
        answer, is_settled = await self._answer(access, given)
        if is_json and is_settled:
            self._prepared.keep(access.view, body, answer)
        return self._response(access, answer)

    def _prepared_answer(self, access: Access, request: str | bytes) -> Response | None:
        """The same as `_known` would find, if that takes no wait."""
        known = access.view.prepared.get(request)
        if known is None:
            return None
        if known.identifier is not None:
            if self._find_at_once is None:
                return None
            if not known.holds_for(self._find_at_once(access.environment.id, known.identifier)):
                return None
        return self._response(access, known)

    def _response(self, access: Access, answer: Prepared) -> Response:
        if answer.identification:
            self._note(answer.identification)
        return Response(200, access.environment.headers, answer.body())

    async def _known(self, access: Access, request: str | bytes) -> Prepared | None:
        """An answer to the same request, if the identity's row is still what it was."""
        known = access.view.prepared.get(request)
        if known is None or known.identifier is None:
            return known
        identity = await self._find(access.environment.id, known.identifier)
        return known if known.holds_for(identity) else None

    async def _answer(self, access: Access, given: GivenIdentity) -> tuple[Prepared, bool]:
        """The answer, and whether the same request would get it again."""
        identifier = given.identifier
        if not identifier:
            return _anonymous(access, given.traits)
        if given.transient:
            identity = await self._find(access.environment.id, identifier)
            shown = traits.overlaid(traits.stored(identity), given.traits, all_transient=True)
            is_settled = True
        else:
            identity, shown, is_settled = await self._stored_with(access.environment, identifier, given.traits)
        outcomes = _evaluate(access, identifier, identity, shown)
        return _prepare(access, identifier, identity, shown, outcomes), is_settled

    async def _found_or_created(self, environment_id: int, identifier: str) -> Identity:
        identity = await self._find(environment_id, identifier)
        return identity or (await self._save(Upsert(environment_id, identifier))).after

    async def _stored_with(
        self, environment: CompiledEnvironment, identifier: str, given: Mapping[str, GivenTrait]
    ) -> tuple[Identity, list[ShownTrait], bool]:
        """Bring the stored identity to what was given; it, what it then has, and whether nothing had to be written."""
        kept = traits.kept(given) if environment.organisation.persist_trait_data else {}
        if self._seen.came_before((environment.id, identifier)):
            identity = await self._find(environment.id, identifier)
            if identity is not None and traits.has_all(identity, kept):
                return identity, traits.overlaid(traits.stored(identity), given), True
        # One who is new to this process is likely new at all: to look beforehand would cost what saving costs again.
        before, after = await self._save(Upsert(environment.id, identifier, kept))
        shown = traits.stored(after)
        if before is not None:
            # compat: on an identity that was there before, a trait stored by this very request has no id yet.
            known = before.trait_values()
            shown = [trait if trait.key in known else trait._replace(id=None) for trait in shown]
        # Others may have set the same traits right after: the answer is by those that were given here.
        is_settled = before == after and traits.has_all(after, kept)
        return after, traits.overlaid(shown, given), is_settled


def _given(body: bytes, content_type: str | None) -> GivenIdentity:
    """Raise `Refusal` for what is no identity."""
    given = typical.identity(body) if content_type == _JSON_TYPE else None
    return given or forms.identity(bodies.parse(body, content_type))


def stateless(access: Access, given: GivenIdentity) -> Prepared:
    """The answer from the snapshot and the request alone."""
    if not given.identifier:
        return _anonymous(access, given.traits)[0]
    shown = traits.anonymous(given.traits.values())
    outcomes = _evaluate(access, given.identifier, None, shown)
    return _prepare(access, given.identifier, None, shown, outcomes, reads_row=False)


def _anonymous(access: Access, given: Mapping[str, GivenTrait]) -> tuple[Prepared, bool]:
    """An identity that is known by its traits alone and never stored."""
    shown = traits.anonymous(given.values())
    identifier = subjects.anonymous_identifier(shown)
    outcomes = _evaluate(access, identifier, None, shown, use_overrides=False)
    return _prepare(access, identifier, None, shown, outcomes, reads_row=False), bool(shown)


def _evaluate(
    access: Access, identifier: str, identity: Identity | None, shown: list[ShownTrait], *, use_overrides: bool = True
) -> list[bytes]:
    environment = access.environment
    subject = subjects.subject(environment, identifier, identity, shown)
    overrides = environment.identity_overrides.get(identifier) if use_overrides else None
    return access.view.evaluate(subject, overrides)


def _one(access: Access, outcomes: list[bytes], feature_name: str) -> Response:
    headers = access.environment.headers
    for name, flag in zip(access.view.feature_names, outcomes, strict=True):
        if name == feature_name and flag:
            return Response(200, headers, flag)
    raise errors.feature_not_found(access.environment.updated_at_text)


def _prepare(
    access: Access,
    identifier: str,
    identity: Identity | None,
    shown: list[ShownTrait],
    outcomes: list[bytes],
    *,
    reads_row: bool = True,
) -> Prepared:
    is_told = access.environment.has_identity_integrations
    listed = () if access.environment.settings.hide_sensitive_data else shown
    texts = ",".join(map(traits.as_json, listed))
    return Prepared(
        identifier=identifier if reads_row else None,
        identity_id=identity.id if identity else None,
        traits_text=identity.traits_text if identity else None,
        pieces=prepared.pieces(
            f'{{"identifier":{encode_basestring_ascii(identifier)},"traits":[{texts}],"flags":['.encode("ascii"),
            list(filter(None, outcomes)) if access.view.hides_disabled else outcomes,
        ),
        identification=_identification(access, identifier, identity, shown) if is_told else None,
    )


def _identification(
    access: Access, identifier: str, identity: Identity | None, shown: list[ShownTrait]
) -> Identification:
    given = tuple(IdentifiedTrait(trait.id, trait.key, trait.value) for trait in shown)
    return Identification(access.environment.id, identifier, identity.id if identity else None, access.is_server, given)
