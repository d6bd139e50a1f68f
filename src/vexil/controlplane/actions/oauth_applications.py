"""Applications that register themselves (RFC 7591), and their consents."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from django.db import transaction

from vexil.controlplane.actions import events
from vexil.controlplane.db.models import OAuthApplication, OAuthCode, OAuthSession, User
from vexil.controlplane.permissions import SYSTEM, Actor
from vexil.controlplane.queries import oauth
from vexil.controlplane.queries.oauth import Authorisation

CODE_LIFETIME = timedelta(minutes=1)
_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
_DANGEROUS_SCHEMES = {"javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss", "mailto"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class UnfitRedirect(Exception):
    """Codes cannot be sent there."""


@transaction.atomic
def register(name: str, redirect_uris: Sequence[str]) -> OAuthApplication:
    """Anybody's application under a name of its own choice; raise `UnfitRedirect` for an address that is not safe."""
    for uri in redirect_uris:
        _check_redirect(uri)
    application = OAuthApplication.objects.create(
        client_id=secrets.token_urlsafe(24), name=name, redirect_uris=list(redirect_uris)
    )
    events.record(SYSTEM, "oauth_application.registered", application.pk, scope=None, after=_facts(application))
    return application


@transaction.atomic
def allow(wanted: Authorisation, *, by: Actor, now: datetime) -> str:
    """Let the application act as the person: where to send the browser, with a code that is good for a minute."""
    assert by.user
    code = secrets.token_urlsafe(32)
    OAuthCode.objects.create(
        digest=oauth.digest(code),
        application=wanted.application,
        user=by.user,
        scopes=list(wanted.scopes),
        redirect_uri=wanted.redirect_uri,
        challenge=wanted.challenge,
        expires_at=now + CODE_LIFETIME,
    )
    OAuthApplication.objects.filter(pk=wanted.application.pk).update(allowed_at=now)
    after = {**_facts(wanted.application), "scopes": list(wanted.scopes)}
    events.record(by, "oauth_application.allowed", wanted.application.pk, scope=None, after=after)
    return _address(wanted, {"code": code})


def deny(wanted: Authorisation) -> str:
    """Where to send the browser of a person who says no."""
    return _address(wanted, {"error": "access_denied"})


@transaction.atomic
def revoke(application: OAuthApplication, user: User, *, by: Actor, now: datetime) -> None:
    """End all that the application may do as this user."""
    OAuthSession.objects.filter(application=application, user=user, revoked_at__isnull=True).update(revoked_at=now)
    OAuthCode.objects.filter(application=application, user=user).delete()
    events.record(by, "oauth_application.revoked", application.pk, scope=None, before=_facts(application))


def _address(wanted: Authorisation, answer: dict[str, str]) -> str:
    parts = urlsplit(wanted.redirect_uri)
    query = urlencode({**answer, **({"state": wanted.state} if wanted.state else {})})
    return parts._replace(query="&".join(filter(None, (parts.query, query)))).geturl()


def _check_redirect(uri: str) -> None:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise UnfitRedirect(f"This is no URI: {uri}") from None
    if "*" in uri or parts.fragment or any(ord(character) <= 32 for character in uri) or not uri.isascii():
        raise UnfitRedirect(f"Redirect URIs are taken literally: no wildcards, fragments or blanks: {uri}")
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _DANGEROUS_SCHEMES or not (host or parts.path):
        raise UnfitRedirect(f"Redirect URIs have the scheme https or one of the application's own: {uri}")
    if parts.scheme in {"http", "https"} and (not host or parts.username is not None):
        raise UnfitRedirect(f"Redirect URIs have a host, and no user in front of it: {uri}")
    if parts.scheme == "http" and host not in _LOCAL_HOSTS:
        raise UnfitRedirect(f"HTTPS is required for http(s) redirect URIs (localhost excepted): {uri}")


def _facts(application: OAuthApplication) -> dict[str, object]:
    return {
        "client_id": application.client_id,
        "name": application.name,
        "redirect_uris": application.redirect_uris,
    }
