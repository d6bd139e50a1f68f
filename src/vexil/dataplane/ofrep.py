"""`POST /ofrep/v1/evaluate/flags[/{key}]`: the OpenFeature Remote Evaluation Protocol.

`targetingKey` is the identifier and the rest of the context are traits. Nothing is read from the store or written to
it, so an answer is a pure function of the snapshot and the request.
"""

import hashlib
import json
import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

from vexil.dataplane import bodies, forms, rsgi, subjects, traits
from vexil.dataplane.environments import Access
from vexil.dataplane.errors import Refusal
from vexil.dataplane.finished import is_known
from vexil.dataplane.forms import GivenIdentity
from vexil.dataplane.requests import Request
from vexil.dataplane.rsgi import Response
from vexil.engine import Subject
from vexil.reasons.decisions import Decision
from vexil.wire import json_text, snapshot
from vexil.wire.errors import explain, with_explanation
from vexil.wire.headers import Headers

_JSON: Headers = (("Content-Type", "application/json"),)
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)")
_FLOAT_CHARACTERS_MAX = 50
_LEVELS_MAX = 100
"""Of objects in objects: beyond it the answer could not be written, nor be read by many clients."""
_OBJECTS_REMEMBERED_MAX = 256
_REASONS = {"segment_override": "TARGETING_MATCH", "identity_override": "TARGETING_MATCH", "default": "DEFAULT"}


class Ofrep:
    """Both endpoints of the protocol."""

    def __init__(self, body_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max

    async def one(self, request: Request, name: str) -> Response:
        try:
            decisions = self._decide(request.access, await self._given(request))
        except _Failure as failure:
            return _failed(400, {"key": name, **failure.body()})
        for decision in decisions.made:
            if decision.feature.name == name and not _is_hidden(request.access, decision):
                flag = _flag(decision, decisions)
                return _failed(400, flag) if "errorCode" in flag else Response(200, _JSON, json_text.dumps(flag))
        details = f"There is no feature named {name} in this environment."
        return _failed(404, {"key": name, "errorCode": "FLAG_NOT_FOUND", "errorDetails": details})

    async def all(self, request: Request) -> Response:
        try:
            decisions = self._decide(request.access, await self._given(request))
        except _Failure as failure:
            return _failed(400, failure.body())
        shown = [decision for decision in decisions.made if not _is_hidden(request.access, decision)]
        body = json_text.dumps({"flags": [_flag(decision, decisions) for decision in shown]})
        # Weak: the compressed form of the same bytes has the same ETag.
        etag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        condition = request.headers.get("if-none-match")
        if condition is not None and is_known(condition, etag):
            return Response(304, (("ETag", etag),))
        return Response(200, (*_JSON, ("ETag", etag)), body)

    async def _given(self, request: Request) -> GivenIdentity:
        body = await rsgi.read_body(request.headers, request.stream, self._body_bytes_max)
        return await bodies.digested(body, request.headers.get("content-type"), _given)

    def _decide(self, access: Access, given: GivenIdentity) -> "_Decisions":
        is_allowed = access.is_server or access.environment.settings.allow_client_traits
        shown = traits.anonymous(given.traits.values()) if is_allowed else []
        subject = subjects.subject(access.environment, given.identifier, None, shown)
        overrides = access.environment.identity_overrides.get(given.identifier) if given.identifier else None
        if not given.identifier:
            subject.key = None
        return _Decisions(access.view.decisions.evaluate(subject, overrides), subject)


class _Decisions(NamedTuple):
    made: list[Decision]
    subject: Subject


class _Failure(Exception):
    def __init__(self, code: str, details: str) -> None:
        super().__init__(code, details)
        self.code, self.details = code, details

    def body(self) -> dict[str, str]:
        return {"errorCode": self.code, "errorDetails": self.details}


def _given(body: bytes, content_type: str | None) -> GivenIdentity:
    try:
        form = bodies.parse(body, content_type)
    except Refusal as refusal:
        if refusal.status != 400:
            raise
        raise _Failure("PARSE_ERROR", refusal.content["detail"]) from None
    if not isinstance(form, dict):
        raise _Failure("PARSE_ERROR", "The body must be an object with a context.")
    context = form.get("context")
    if context is None:
        context = {}
    if not isinstance(context, dict):
        raise _Failure("INVALID_CONTEXT", "The context must be an object.")
    targeting_key = context.get("targetingKey")
    if not isinstance(targeting_key, str | None):
        raise _Failure("INVALID_CONTEXT", "The targetingKey must be a string.")
    return _identity(targeting_key, {name: value for name, value in context.items() if name != "targetingKey"})


def _identity(targeting_key: str | None, attributes: dict[str, Any]) -> GivenIdentity:
    given = [{"trait_key": name, "trait_value": value} for name, value in attributes.items()]
    try:
        return forms.identity({"identifier": targeting_key, "traits": given})
    except Refusal as refusal:
        raise _Failure("INVALID_CONTEXT", _first_text(refusal.content, given)) from None


def _first_text(found: dict[str, Any], given: list[dict[str, Any]]) -> str:
    """What is wrong, with the name that the client gave it."""
    if "identifier" in found:
        return f"targetingKey: {found['identifier'][0]}"
    for attribute, problem in zip(given, found["traits"], strict=True):
        for texts in problem.values():
            return f"{attribute['trait_key'][:100]}: {texts[0]}"
    raise AssertionError("a refusal names what it refuses")


def _is_hidden(access: Access, decision: Decision) -> bool:
    return access.view.hides_disabled and not decision.state.enabled


def _flag(decision: Decision, decisions: _Decisions) -> dict[str, Any]:
    """One flag of an answer; a failure when its value hangs on a targeting key that is missing."""
    name = decision.feature.name
    if decision.is_split and decisions.subject.key is None:
        details = "The feature has variants: send a targetingKey, by which one is chosen."
        return {"key": name, "errorCode": "TARGETING_KEY_MISSING", "errorDetails": details}
    flag: dict[str, Any] = {"key": name, "reason": _reason(decision), "variant": _variant(decision)}
    if decision.value is None:
        flag["value"] = decision.state.enabled
    elif decision.state.enabled:
        flag["value"] = _typed(decision.value)
    # A disabled flag has no value here, and the client falls back to the default in its code.
    metadata: dict[str, Any] = {"enabled": decision.state.enabled, "featureId": decision.feature.id}
    if decision.value is not None:
        metadata["value"] = decision.value
    return flag | {"metadata": metadata}


def _reason(decision: Decision) -> str:
    if not decision.state.enabled:
        return "DISABLED"
    if decision.is_split:
        return "SPLIT"
    return "STATIC" if decision.is_constant else _REASONS[decision.source]


def _variant(decision: Decision) -> str:
    """A name for the value: the protocol's clients want one for every flag."""
    if decision.option_id is not None:
        return decision.variant or f"option-{decision.option_id}"
    if decision.variant is not None:
        return decision.variant
    if decision.segment is not None:
        return f"segment-{decision.segment.id}"
    return "identity" if decision.source == "identity_override" else "default"


def _typed(value: snapshot.FlagValue) -> Any:
    """A text that is a JSON object or a float in JSON's own writing is offered as what it stands for."""
    if not isinstance(value, str):
        return value
    if len(value) <= _FLOAT_CHARACTERS_MAX and _FLOAT.fullmatch(value):
        number = float(value)
        return value if number in {float("inf"), float("-inf")} else number
    return _object(value) if value.lstrip()[:1] == "{" else value


@lru_cache(_OBJECTS_REMEMBERED_MAX)
def _object(text: str) -> Any:
    """The object that the text is; the text itself if it is none, or one that not everybody could read."""
    try:
        found = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return text
    return text if _is_deep(found) else found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} has no place in a float")
    return number


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_LEVELS_MAX):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)


def _failed(status: int, body: dict[str, Any]) -> Response:
    explanation = _EXPLANATIONS[body["errorCode"]]
    headers = (*_JSON, *explanation.headers)
    return Response(status, headers, json_text.dumps(with_explanation(body, explanation)))


_EXPLANATIONS = {
    "PARSE_ERROR": explain("malformed_body", media_type="application/json"),
    "INVALID_CONTEXT": explain("invalid_fields", fields="context"),
    "TARGETING_KEY_MISSING": explain("invalid_fields", fields="context.targetingKey"),
    "FLAG_NOT_FOUND": explain("feature_not_found"),
}
