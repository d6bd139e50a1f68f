"""Tokens of other issuers (OpenID Connect): what they say, once the issuer's own keys have confirmed it.

Each exchange asks the issuer, unless it was asked within the last minutes.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt

from vexil.controlplane.integrations import outgoing
from vexil.controlplane.integrations.outgoing import Unreachable
from vexil.controlplane.integrations.requests import Request

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""With a public key, all of them: with a shared secret, whoever can check could also sign."""

_KEPT_SECONDS, _ISSUERS_MAX = 300.0, 100
_LEEWAY_SECONDS = 30


class UntrustedToken(Exception):
    """A token that proves nothing; says why."""


def unverified(token: str) -> dict[str, Any]:
    """What a token claims, to find out whom to ask about it."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise UntrustedToken("Token is not a valid JWT.") from None
    return claims


def verified(token: str, *, issuer: str, audience: str, allow_internal: bool) -> dict[str, Any]:
    """The claims of a token that the issuer has signed, for this audience, and that has not expired."""
    try:
        header = jwt.get_unverified_header(token)
        key = _KEYS.key(issuer, str(header.get("kid", "")), allow_internal=allow_internal)
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=ALGORITHMS,
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.ExpiredSignatureError:
        raise UntrustedToken("Token has expired.") from None
    except (jwt.PyJWTError, TypeError):
        raise UntrustedToken("Token validation failed.") from None
    return claims


@dataclass(frozen=True, slots=True)
class _Known:
    keys: jwt.PyJWKSet
    until: float


@dataclass
class _Keys:
    """Those of issuers that were asked lately; whichever key is missing is asked for, but not without end."""

    _known: dict[str, _Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, issuer: str, key_id: str, *, allow_internal: bool) -> jwt.PyJWK:
        known = self._known.get(issuer)
        if known is None or known.until < time.monotonic():
            known = _Known(_fetched(issuer, allow_internal=allow_internal), time.monotonic() + _KEPT_SECONDS)
            with self._lock:
                if len(self._known) >= _ISSUERS_MAX:
                    self._known.clear()
                self._known[issuer] = known
        keys = known.keys.keys
        found = [key for key in keys if key.key_id == key_id] if key_id else keys if len(keys) == 1 else []
        if not found:
            self._known.pop(issuer, None)  # it may have a new key; the next exchange asks again
            raise UntrustedToken("The issuer has no key with which this token is signed.")
        return found[0]

    def forget(self) -> None:
        self._known.clear()


_KEYS = _Keys()


def forget_keys() -> None:
    _KEYS.forget()


def _fetched(issuer: str, *, allow_internal: bool) -> jwt.PyJWKSet:
    described = _object(f"{issuer.rstrip('/')}/.well-known/openid-configuration", allow_internal=allow_internal)
    if described.get("issuer") != issuer:
        raise UntrustedToken("The issuer describes itself under another name.")
    keys_url = described.get("jwks_uri")
    if not isinstance(keys_url, str) or not is_safe(keys_url, allow_internal=allow_internal):
        raise UntrustedToken("The issuer's keys must be served over https.")
    try:
        return jwt.PyJWKSet.from_dict(_object(keys_url, allow_internal=allow_internal))
    except jwt.PyJWTError:
        raise UntrustedToken("The issuer's keys cannot be read.") from None


def _object(url: str, *, allow_internal: bool) -> dict[str, Any]:
    if not is_safe(url, allow_internal=allow_internal):
        raise UntrustedToken("The issuer's keys must be served over https.")
    try:
        found, _ = outgoing.ask(Request(url, b"", {"Accept": "application/json"}, "GET"), allow_internal=allow_internal)
    except Unreachable as error:
        raise UntrustedToken(f"The issuer's keys cannot be had. {error}") from None
    if not isinstance(found, dict):
        raise UntrustedToken("The issuer describes itself in a way that cannot be read.")
    return found


def is_safe(url: str, *, allow_internal: bool) -> bool:
    """Where internal addresses may be called at all, they may be without https as well."""
    return urlsplit(url).scheme == "https" or (allow_internal and urlsplit(url).scheme == "http")
