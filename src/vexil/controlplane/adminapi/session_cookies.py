"""Browsers that log in with a cookie instead of a token (COOKIE_AUTH_ENABLED)."""

from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from vexil.controlplane.actions import users
from vexil.controlplane.adminapi.authentication import CHALLENGE
from vexil.controlplane.db.models import User
from vexil.controlplane.queries import session_cookies

NAME = "jwt"  # compat: a name that proxies and clients know; ours is no JWT.
_SAME_SITE: dict[str, Literal["None", "Lax", "Strict"]] = {"none": "None", "lax": "Lax", "strict": "Strict"}
_SAFE = {"GET", "HEAD", "OPTIONS"}


class SessionCookie(BaseAuthentication):
    """A cookie that is no longer good counts as none, so that its owner can log in again."""

    def authenticate_header(self, _request: Any) -> str:
        return CHALLENGE

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        text = request.COOKIES.get(NAME) if settings.VEXIL.cookie_auth_enabled else None
        user = session_cookies.user_of(text) if text else None
        if user is None:
            return None
        if request.method not in _SAFE and not _is_from_here(request):
            raise PermissionDenied("Pages of this origin may not use the cookie: see CORS_ALLOWED_ORIGINS.")
        return user, None


def add(response: Response, user: User) -> None:
    ours = settings.VEXIL
    response.set_cookie(
        NAME,
        session_cookies.text_for(user, users.token_of(user)),
        max_age=ours.cookie_minutes * 60,
        httponly=True,
        secure=ours.use_secure_cookies,
        samesite=_SAME_SITE[ours.cookie_same_site],
    )


def remove(response: Response) -> None:
    if settings.VEXIL.cookie_auth_enabled:
        response.delete_cookie(NAME, samesite=_SAME_SITE[settings.VEXIL.cookie_same_site])


def _is_from_here(request: Request) -> bool:
    """Browsers name the origin of every page that sends a change; whoever names none is no browser."""
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.VEXIL.cors_allowed_origins:
        return True
    return urlsplit(origin).netloc == request.get_host()
