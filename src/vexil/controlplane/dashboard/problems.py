"""Pages for what cannot be shown or done: each says why, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from vexil.controlplane.dashboard import htmx, rendering
from vexil.controlplane.db.models import Organisation
from vexil.controlplane.permissions import ENVIRONMENT_PERMISSIONS, ORGANISATION_PERMISSIONS, PROJECT_PERMISSIONS

_RIGHTS = {
    right.key: right.description
    for right in (*ORGANISATION_PERMISSIONS, *PROJECT_PERMISSIONS, *ENVIRONMENT_PERMISSIONS)
}


def not_found(request: HttpRequest) -> HttpResponse:
    return _problem(
        request,
        404,
        "There is nothing here",
        "The address may be mistyped, the thing deleted, or you may not be allowed to know of it. "
        "If a colleague sent you the link, ask them whether you have access to the project.",
    )


def forbidden(request: HttpRequest, needed: str) -> HttpResponse:
    what = (
        "only its administrators can do this" if needed == "admin" else f"this needs the right “{_described(needed)}”"
    )
    return _problem(
        request, 403, "You may not do this", f"You can see this place, but {what}. An administrator can give it to you."
    )


def second_factor_needed(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Leads on to setting one up; htmx asks for parts of pages, which this is none of."""
    if htmx.is_fragment(request):
        return htmx.go_to(reverse("projects", kwargs={"organisation_id": organisation.pk}))
    return rendering.page(request, "pages/second_factor.html", None, {"organisation": organisation}, status=403)


def stale_form(request: HttpRequest) -> HttpResponse:
    return _problem(
        request,
        403,
        "This form is too old",
        "The page that you sent was opened before you logged in or out. Go back, load it again and send it once more. "
        "If this happens each time, cookies are blocked, or DJANGO_CSRF_TRUSTED_ORIGINS lacks this site's address.",
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    return _problem(
        request,
        503,
        "The database cannot be reached",
        "Nothing was changed. Flags are still served from memory. Try again in a moment.",
    )


def internal_error(request: HttpRequest) -> HttpResponse:
    return _problem(
        request,
        500,
        "Something went wrong here",
        "Nothing was changed. The server's log says what happened; try again, and tell an operator if it stays.",
    )


def _described(key: str) -> str:
    return _RIGHTS.get(key, key).rstrip(".")


def _problem(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return rendering.page(
        request, "pages/problem.html", None, {"status_code": status, "title": title, "text": text}, status=status
    )
