"""Tokens of other applications: from a code to the first, from each refresh token to the next, and their end.

A refresh token is good once, and for two minutes more, since an answer can get lost. Used later than that, somebody
else must have a copy, so the whole session ends; so it does when a code comes a second time.
"""

import base64
import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from vexil.controlplane.actions import events
from vexil.controlplane.db.models import (
    OAuthApplication,
    OAuthCode,
    OAuthSession,
    OAuthToken,
    OAuthTokenKind,
)
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import oauth

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(minutes=2)
_NEVER_ALLOWED_DAYS, _NOT_ALLOWED_LATELY_DAYS = 14, 365
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class InvalidGrant(Exception):
    """A code or refresh token that gives no tokens; says why."""


class Tokens(NamedTuple):
    access: str
    refresh: str
    scopes: tuple[str, ...]


def exchange_code(
    application: OAuthApplication, code: str, *, redirect_uri: str, verifier: str, now: datetime
) -> Tokens:
    """The first tokens of a session; raise `InvalidGrant`."""
    found = OAuthCode.objects.filter(digest=oauth.digest(code), application=application).select_related("user").first()
    if found is None or found.expires_at <= now or not found.user.is_active:
        raise InvalidGrant("The code is unknown or has expired.")
    if found.session_id is not None:
        _end_used_twice(found.session_id, now)
        raise InvalidGrant("The code was used before.")
    if redirect_uri != found.redirect_uri:
        raise InvalidGrant("The redirect_uri is not that of the authorisation request.")
    if not _VERIFIER.fullmatch(verifier) or not constant_time_compare(_challenge(verifier), found.challenge):
        raise InvalidGrant("The code_verifier does not fit the code_challenge.")
    return _first(found, now)


def refresh(application: OAuthApplication, refresh_token: str, *, now: datetime) -> Tokens:
    """The next tokens of a session; raise `InvalidGrant`."""
    found = oauth.token_of(refresh_token, now=now)
    if found is None or found.kind != OAuthTokenKind.REFRESH or found.session.application_id != application.pk:
        raise InvalidGrant("The refresh token is unknown, has expired or was revoked.")
    if found.replaced_at is not None and now - found.replaced_at > REFRESH_GRACE:
        _end_used_twice(found.session_id, now)
        raise InvalidGrant("The refresh token was used before. Its session has been ended.")
    return _next(found, now)


@transaction.atomic
def revoke(application: OAuthApplication, token: str, *, now: datetime) -> None:
    """End the session of a refresh token, or a single access token; nothing for what is not the application's."""
    found = OAuthToken.objects.filter(digest=oauth.digest(token), session__application=application).first()
    if found is None:
        return
    if found.kind == OAuthTokenKind.ACCESS:
        found.delete()
        return
    _end(OAuthSession.objects.select_related("user").get(pk=found.session_id), now)


def forget_old(now: datetime) -> int:
    """Delete what has ended, and applications that nobody has let in for long; how many rows."""
    ended = OAuthSession.objects.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=now))
    unused = OAuthApplication.objects.filter(
        Q(allowed_at__isnull=True, created_at__lte=now - timedelta(days=_NEVER_ALLOWED_DAYS))
        | Q(allowed_at__lte=now - timedelta(days=_NOT_ALLOWED_LATELY_DAYS)),
        is_verified=False,
        sessions__isnull=True,
    )
    old = (
        OAuthToken.objects.filter(expires_at__lte=now),
        OAuthCode.objects.filter(expires_at__lte=now),
        ended,
        unused,
    )
    return sum(rows.delete()[0] for rows in old)


@transaction.atomic
def _first(code: OAuthCode, now: datetime) -> Tokens:
    session = OAuthSession.objects.create(
        application_id=code.application_id,
        user_id=code.user_id,
        scopes=code.scopes,
        created_at=now,
        renewed_at=now,
        expires_at=now + REFRESH_LIFETIME,
    )
    if not OAuthCode.objects.filter(pk=code.pk, session__isnull=True).update(session=session):
        raise InvalidGrant("The code was used before.")  # by a request at the same moment
    return _issue(session, now)


@transaction.atomic
def _next(used: OAuthToken, now: datetime) -> Tokens:
    OAuthToken.objects.filter(pk=used.pk, replaced_at__isnull=True).update(replaced_at=now)
    session = used.session
    session.renewed_at, session.expires_at = now, now + REFRESH_LIFETIME
    session.save(update_fields=["renewed_at", "expires_at"])
    return _issue(session, now)


def _issue(session: OAuthSession, now: datetime) -> Tokens:
    texts = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32), tuple(session.scopes))
    lifetimes = (
        (texts.access, OAuthTokenKind.ACCESS, ACCESS_LIFETIME),
        (texts.refresh, OAuthTokenKind.REFRESH, REFRESH_LIFETIME),
    )
    OAuthToken.objects.bulk_create(
        OAuthToken(digest=oauth.digest(text), session=session, kind=kind, expires_at=now + lifetime)
        for text, kind, lifetime in lifetimes
    )
    return texts


@transaction.atomic
def _end_used_twice(session_id: int, now: datetime) -> None:
    _end(OAuthSession.objects.select_related("user").get(pk=session_id), now)


def _end(session: OAuthSession, now: datetime) -> None:
    if OAuthSession.objects.filter(pk=session.pk, revoked_at__isnull=True).update(revoked_at=now):
        events.record(Actor(user=session.user), "oauth_session.ended", session.pk, scope=None)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
