"""Who sends a request: `Authorization: Token …` (a user), `Api-Key …` (an organisation's key) or `Bearer …` (an
application that a user lets act as them).
"""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from vexil.controlplane.adminapi import mcp_operations
from vexil.controlplane.db.models import MasterAPIKey, OAuthSession, User
from vexil.controlplane.permissions import Actor
from vexil.controlplane.queries import oauth, trust_relationships
from vexil.wire import credentials
from vexil.wire.errors import Explanation, explain

CHALLENGE = 'Cookie realm="api"'
_API_KEY_SCHEME = "Api-Key "


def actor_of(request: Request) -> Actor:
    """The user or key behind a request, or neither."""
    if isinstance(request.auth, MasterAPIKey):
        return Actor(master_api_key=request.auth)
    return Actor(user=request.user) if isinstance(request.user, User) else Actor()


def user_of(request: Request) -> User:
    """The user behind a request; 403 for an organisation's key."""
    user = actor_of(request).user
    if user is None:
        raise PermissionDenied
    return user


class KeyRefused(AuthenticationFailed):
    """An organisation's key that opens nothing, and why."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__("Valid Master API Key not found.")
        self.explanation = explanation


class BearerRefused(AuthenticationFailed):
    """An access token that opens nothing.

    compat: it is refused in the words for no credential at all.
    """

    def __init__(self) -> None:
        super().__init__(NotAuthenticated.default_detail)
        self.explanation = explain("refused_access_token")


class ScopeMissing(PermissionDenied):
    """An access token that opens other things than this."""

    def __init__(self, scopes: list[str]) -> None:
        super().__init__("The scope of this access token does not include this.")
        self.explanation = explain("insufficient_scope", scopes=" ".join(scopes))


class UserToken(TokenAuthentication):
    """The scheme word is accepted in any case."""

    def authenticate_header(self, _request: Any) -> str:
        return CHALLENGE


class OrganisationKey(BaseAuthentication):
    """The scheme word counts only as it is written, with one space; anything else is no credential."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, MasterAPIKey] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        text = header.removeprefix(_API_KEY_SCHEME).strip() if header.startswith(_API_KEY_SCHEME) else ""
        if not text:
            return None
        return AnonymousUser(), _usable_key(text)


class BearerToken(BaseAuthentication):
    """An access token: of a user's application, which acts as the user as far as its scope goes; or one that was given
    for the token of an issuer whom an organisation trusts, which is as good as a key of that organisation.
    """

    def authenticate(self, request: Request) -> tuple[User, OAuthSession] | tuple[AnonymousUser, MasterAPIKey] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            return None
        if (key := trust_relationships.key_of(text.strip())) is not None:
            return AnonymousUser(), key
        session = oauth.session_of(text.strip(), now=datetime.now(UTC))
        if session is None:
            raise BearerRefused
        view = (request.parser_context or {})["view"]
        if oauth.ADMIN_API not in session.scopes and not mcp_operations.is_open_to_assistants(
            request.method or "", view
        ):
            raise ScopeMissing(session.scopes)
        return session.user, session


class SomebodyKnown(BasePermission):
    """Any valid credential; what its holder may do is decided by `permissions`."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        return actor_of(request) != Actor()


class UsersOnly(BasePermission):
    """compat: where only users are meant, an organisation's key counts as no credential at all (401)."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        if isinstance(request.auth, MasterAPIKey):
            raise NotAuthenticated
        return isinstance(request.user, User)


def _usable_key(text: str) -> MasterAPIKey:
    prefix = text.partition(".")[0].replace("\x00", "")
    key: MasterAPIKey | None = MasterAPIKey.objects.select_related("organisation").filter(prefix=prefix).first()
    # Only who holds the whole key learns what became of it.
    if key is None or not key.is_valid(text):
        raise KeyRefused(credentials.refused_api_key(text))
    if key.revoked or key.deleted_at or key.organisation.deleted_at:
        raise KeyRefused(explain("revoked_api_key"))
    if key.has_expired:
        raise KeyRefused(explain("expired_api_key"))
    return key
