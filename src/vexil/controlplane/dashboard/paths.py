"""Paths of the dashboard, without a final slash; pages need a session unless they say that they do not."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.urls import path as django_path
from django.views.decorators.http import require_http_methods

from vexil.controlplane.dashboard import htmx, problems
from vexil.controlplane.dashboard.places import SecondFactorNeeded

View = Callable[..., HttpResponseBase]

SESSION_ENDED = 401
"""What an htmx request gets whose session is over: the page keeps what was typed and offers to log in again."""


def page(route: str, view: View, name: str, *, methods: str = "GET", is_public: bool = False) -> URLPattern:
    """`methods` by name, separated by blanks; HEAD goes with GET."""
    allowed = [*methods.split(), *(["HEAD"] if "GET" in methods.split() else [])]
    limited = require_http_methods(allowed)(view)
    return django_path(route, limited if is_public else _for_people(limited), name=name)


def _for_people(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        try:
            return view(request, **parts)
        except SecondFactorNeeded as needed:
            return problems.second_factor_needed(request, needed.organisation)

    return guarded


def to_login(request: HttpRequest) -> HttpResponse:
    if htmx.is_fragment(request) or (htmx.is_htmx(request) and request.method != "GET"):
        return HttpResponse("Your session has ended.", status=SESSION_ENDED, content_type="text/plain")
    wanted = request.get_full_path() if request.method == "GET" else "/"
    return HttpResponseRedirect(f"{reverse('login')}?redirect={quote(wanted)}")
